"""Implementations of the port Prober, which sends health probes."""
