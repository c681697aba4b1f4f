"""Implementations of the port Brokers, which creates accounts and virtual hosts."""
