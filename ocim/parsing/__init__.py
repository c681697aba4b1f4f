"""Parsers of what operators write (YAML, Jinja, SQL); imports core and catalog."""
