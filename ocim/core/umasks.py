"""File mode creation masks."""

PRIVATE = 0o077
"""Mask of Ocim's own processes: only the user that they run as may read their files."""
OF_HOSTS = 0o022
"""Mask for files on hosts, whose services have users of their own, and for checkouts."""
