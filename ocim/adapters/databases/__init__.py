"""Implementations of the port Databases, which creates, dumps and restores databases."""
