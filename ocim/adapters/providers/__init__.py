"""Implementations of the port Provider, which creates hosts: a package for each kind."""
