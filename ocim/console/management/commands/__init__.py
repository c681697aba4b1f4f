"""Management commands, a module for each."""
