"""Implementations of the port Notifier, which sends notices to operators."""
