"""Settings of the rehearsal that follow from those of the real service."""

import os
from importlib import import_module

from rehearsal.ecommerce import settings

PRODUCTION = "ecommerce.settings.production"


def derive() -> None:
    """Complete the settings before Django reads them: Tutor's come after production's."""
    module = import_module(os.environ.setdefault("DJANGO_SETTINGS_MODULE", PRODUCTION))
    prefixes = ("SOCIAL_AUTH_EDX_", "BACKEND_SERVICE_EDX_")
    vars(module).update(
        # The real service's Django takes hosts for origins.
        CSRF_TRUSTED_ORIGINS=[
            host if "://" in host else f"https://{host}" for host in module.CSRF_TRUSTED_ORIGINS
        ],
        PAYMENT_PROCESSORS=settings.PAYMENT_PROCESSORS,
        OAUTH_SETTINGS={k: v for k, v in vars(module).items() if k.startswith(prefixes)},
    )
