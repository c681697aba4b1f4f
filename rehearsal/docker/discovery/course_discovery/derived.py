"""Settings of the rehearsal that follow from those of the real service."""

import os
from importlib import import_module

from rehearsal.discovery.search_settings import index_names

PRODUCTION = "course_discovery.settings.production"


def derive() -> None:
    """Complete the settings before Django reads them: Tutor's come after production's."""
    module = import_module(os.environ.setdefault("DJANGO_SETTINGS_MODULE", PRODUCTION))
    prefixes = ("SOCIAL_AUTH_EDX_", "BACKEND_SERVICE_EDX_")
    vars(module).update(
        ELASTICSEARCH_URL=module.ELASTICSEARCH_DSL["default"]["hosts"],
        ELASTICSEARCH_INDEX_NAMES=index_names(vars(module), module.RELEASE),
        # Tutor names the container first, and then the site that visitors see.
        SITE_DOMAIN=module.ALLOWED_HOSTS[-1],
        OAUTH_SETTINGS={k: v for k, v in vars(module).items() if k.startswith(prefixes)},
    )
