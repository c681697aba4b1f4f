"""Ecommerce and course discovery, tried as their users would: the lines, and how they are made."""

from ocim.operations.shop.verify.run import verify

__all__ = ["verify"]
