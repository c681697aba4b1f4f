"""Fakes of all ports, for tests, benchmarks and rehearsals; imports nothing of other adapters."""
