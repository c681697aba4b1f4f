"""Filters and tags of the pages' templates."""
