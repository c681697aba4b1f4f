"""Django project: settings, checks, URLs, entry points; imports everything else."""
