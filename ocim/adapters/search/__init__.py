"""Implementations of the port SearchServers, which creates accounts and indexes."""
