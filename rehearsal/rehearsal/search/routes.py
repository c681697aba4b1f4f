"""All addresses: importing their modules enters them into the table."""

from rehearsal.search import aliases, bulk, cluster, documents, indexes, searching, security

__all__ = ["aliases", "bulk", "cluster", "documents", "indexes", "searching", "security"]
