"""Implementations of the ports, a package for each; imports parsing and below, never Django."""
