"""The shop's configuration file, as the playbooks write it."""

from pathlib import Path
from typing import Any

import yaml

from tests.configuration import API_KEY, jwk_set, signing_key

LMS = "https://lms.example.com"
WORKER_SECRET = "the secret that the worker signs with, over 32 bytes long"


def write(directory: Path, *, database: Path, **changes: Any) -> Path:
    """Write a YAML file in `directory` for a shop on the SQLite file `database`."""
    content = {
        "SECRET_KEY": "only for tests",
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}},
        "ECOMMERCE_URL_ROOT": "https://shop.example.com",
        "ECOMMERCE_VERSION": "open-release/sumac.1",
        "PLATFORM_NAME": "Rehearsal Academy",
        "EDX_API_KEY": API_KEY,
        "OSCAR_DEFAULT_CURRENCY": "GBP",
        "OSCAR_FROM_EMAIL": "shop@example.com",
        "JWT_AUTH": {
            "JWT_ISSUERS": [
                {"ISSUER": f"{LMS}/oauth2", "AUDIENCE": "lms-key", "SECRET_KEY": ""},
                {
                    "ISSUER": "ecommerce_worker",
                    "AUDIENCE": "lms-key",
                    "SECRET_KEY": WORKER_SECRET,
                },
            ],
            "JWT_PUBLIC_SIGNING_JWK_SET": jwk_set(signing_key()),
        },
        "PAYMENT_PROCESSOR_CONFIG": {
            "demo": {"test-card": {"secret_key": "card secret"}},
            "edx": {"stripe": {"secret_key": "", "webhook_endpoint_secret": "any"}},
        },
        **changes,
    }
    path = directory / "ecommerce.yml"
    path.write_text(yaml.safe_dump(content))
    return path
