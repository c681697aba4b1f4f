"""Rollouts: how they are planned, started, driven by workers, controlled and undone."""
