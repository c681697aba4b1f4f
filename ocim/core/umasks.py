"""Which permissions new files are made without."""

PRIVATE = 0o077
"""For Ocim's own processes: what they write is for the user that they run as."""
OF_HOSTS = 0o022
"""For what is written inside hosts, whose services have users of their own, and for checkouts."""
