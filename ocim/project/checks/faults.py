"""The type of the results of checks."""

from collections.abc import Iterator

Faults = Iterator[tuple[str, str]]
"""Pairs: what is wrong, and what to do."""
