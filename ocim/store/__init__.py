"""Persistence in Django's database; imports parsing, catalog and core."""
