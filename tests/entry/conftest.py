"""Fixtures of what is done from outside."""

from tests.console.conftest import ocim, types

__all__ = ["ocim", "types"]
