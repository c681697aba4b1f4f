"""Configuration files as the playbooks write them."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jwcrypto.jwk import JWK, JWKSet

API_KEY = "the shared key"


@cache
def signing_key() -> JWK:
    return JWK.generate(kty="RSA", size=2048, kid="rehearsal", use="sig", alg="RS512")


def jwk_set(key: JWK) -> str:
    keys = JWKSet()
    keys.add(JWK.from_json(key.export_public()))
    return str(keys.export(private_keys=False))


def write(directory: Path, *, database: Path, **changes: Any) -> Path:
    """Write a YAML file in `directory` for services on the SQLite file `database`."""
    content = {
        "SECRET_KEY": "only for tests",
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}},
        "LMS_BASE": "lms.example.com",
        "LMS_ROOT_URL": "https://lms.example.com",
        "PLATFORM_NAME": "Rehearsal Academy",
        "EDX_API_KEY": API_KEY,
        "ECOMMERCE_PUBLIC_URL_ROOT": "https://shop.example.com",
        "EDX_PLATFORM_VERSION": "open-release/sumac.1",
        "JWT_AUTH": {
            "JWT_ISSUER": "https://lms.example.com/oauth2",
            "JWT_AUDIENCE": "lms-key",
            "JWT_SIGNING_ALGORITHM": "RS512",
            "JWT_PRIVATE_SIGNING_JWK": signing_key().export_private(),
            "JWT_PUBLIC_SIGNING_JWK_SET": jwk_set(signing_key()),
        },
        **changes,
    }
    path = directory / "lms.yml"
    path.write_text(yaml.safe_dump(content))
    return path
