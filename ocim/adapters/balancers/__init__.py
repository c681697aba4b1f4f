"""Implementations of the port Balancer, which routes public names to app servers."""
