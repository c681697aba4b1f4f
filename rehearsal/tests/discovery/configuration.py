"""Discovery's configuration file, as the playbooks write it."""

from pathlib import Path
from typing import Any

import yaml

from tests.configuration import jwk_set, signing_key

LMS = "https://lms.example.com"


def write(directory: Path, *, database: Path, lms: str = LMS, **changes: Any) -> Path:
    """Write a YAML file in `directory` for a discovery on the SQLite file `database`."""
    content = {
        "SECRET_KEY": "only for tests",
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}},
        "DISCOVERY_URL_ROOT": "https://discovery.example.com",
        "DISCOVERY_VERSION": "open-release/sumac.1",
        "PLATFORM_NAME": "Rehearsal Academy",
        "ELASTICSEARCH_URL": "http://127.0.0.1:9200/",
        "ELASTICSEARCH_CLUSTER_URL": "http://127.0.0.1:9200/",
        "JWT_AUTH": {
            "JWT_ISSUERS": [
                {
                    "ISSUER": "https://lms.example.com/oauth2",
                    "AUDIENCE": "lms-key",
                    "SECRET_KEY": "",
                },
            ],
            "JWT_PUBLIC_SIGNING_JWK_SET": jwk_set(signing_key()),
        },
        "SOCIAL_AUTH_EDX_OAUTH2_KEY": "sso-key",
        "SOCIAL_AUTH_EDX_OAUTH2_SECRET": "the sign-on client's secret",
        "SOCIAL_AUTH_EDX_OAUTH2_URL_ROOT": lms,
        "SOCIAL_AUTH_EDX_OAUTH2_LOGOUT_URL": f"{lms}/logout",
        "BACKEND_SERVICE_EDX_OAUTH2_KEY": "backend-key",
        "BACKEND_SERVICE_EDX_OAUTH2_SECRET": "the backend client's secret",
        "BACKEND_SERVICE_EDX_OAUTH2_PROVIDER_URL": f"{lms}/oauth2",
        **changes,
    }
    path = directory / "discovery.yml"
    path.write_text(yaml.safe_dump(content))
    return path
