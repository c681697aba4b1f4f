"""Rollouts: planned, begun, driven by the workers, controlled, undone."""
