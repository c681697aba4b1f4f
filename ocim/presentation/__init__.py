"""Renderings of the records, which commands and pages share."""
