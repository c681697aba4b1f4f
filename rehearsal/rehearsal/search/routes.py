"""Table of all addresses: the import of a module adds its own."""

from rehearsal.search import aliases, bulk, cluster, documents, indexes, searching, security

__all__ = ["aliases", "bulk", "cluster", "documents", "indexes", "searching", "security"]
