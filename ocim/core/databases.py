"""Facts of database servers, as the servers themselves tell them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """Answers of a database server about itself."""

    version: str
    sizes: Mapping[str, int]
    """Size in bytes by database, without the server's own databases."""
    connections: Mapping[str, int]
    """Number of connections by database; databases without any are left out."""
    is_strict: bool = False
    """True if the server refuses a row without a value for a column that has no default."""
    problems: tuple[str, ...] = ()
    """Settings that are not as they should be, and what to do, each as a sentence or two."""


SCRATCH_SUFFIXES = ("_new", "_old")
"""Suffixes of the databases that exist while a restore goes on, besides the restored one."""
