"""Implementations of the port Browsers, which visits pages as a user would."""
