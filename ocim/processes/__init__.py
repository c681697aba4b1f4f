"""The installation's own processes: how they are started, kept, and replaced while others serve."""
