"""Rollouts: they are planned, begun, driven by workers, controlled and undone here."""
