"""Ocim, an instance manager for Open edX; docs/explanation/architecture.md maps its packages."""
