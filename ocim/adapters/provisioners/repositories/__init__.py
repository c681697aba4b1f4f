"""Access to git repositories with configurations."""
