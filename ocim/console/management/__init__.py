"""Package in which Django looks for management commands."""
