"""Implementations of the port Provisioner, which installs app servers."""
