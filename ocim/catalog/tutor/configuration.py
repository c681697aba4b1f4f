"""Tutor's configuration file from an app server's frozen variables, which have Ansible's names.

Tutor would make the secrets that it is not told, anew for each app server. So each is told here:
derived from the instance's own secret key, and the same for all its app servers.
"""

import hmac
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ocim.catalog.discovery_search import NAMES, SETTINGS, URL
from ocim.catalog.endpoints import upstream
from ocim.catalog.shop.shop import CLIENT_SIDE, CONFIG, WEBHOOKS
from ocim.catalog.tutor.operators import PREFIX, plugins, written
from ocim.core.errors import ValidationError
from ocim.core.instance import Service
from ocim.core.secrets import Secret, derive, revealed

OWN_PLUGIN = "ocim"
"""Name of the plugin with Ocim's patches; see `patches`."""
SAME: Mapping[str, str] = {
    "LMS_HOST": "EDXAPP_LMS_BASE",
    "CMS_HOST": "EDXAPP_CMS_BASE",
    # The balancer serves no other name that the LMS of these releases can do without.
    "MFE_HOST": "EDXAPP_PREVIEW_LMS_BASE",
    "PLATFORM_NAME": "EDXAPP_PLATFORM_NAME",
    "CONTACT_EMAIL": "EDXAPP_CONTACT_EMAIL",
    "LANGUAGE_CODE": "EDXAPP_LANGUAGE_CODE",
    "OPENEDX_SECRET_KEY": "EDXAPP_EDXAPP_SECRET_KEY",
    "JWT_COMMON_ISSUER": "COMMON_JWT_ISSUER",
    "JWT_COMMON_AUDIENCE": "COMMON_JWT_AUDIENCE",
    "JWT_COMMON_SECRET_KEY": "COMMON_JWT_SECRET_KEY",
    "OPENEDX_MYSQL_DATABASE": "EDXAPP_MYSQL_DB_NAME",
    "OPENEDX_MYSQL_USERNAME": "EDXAPP_MYSQL_USER",
    "OPENEDX_MYSQL_PASSWORD": "EDXAPP_MYSQL_PASSWORD",
    "MYSQL_HOST": "EDXAPP_MYSQL_HOST",
    "SMTP_HOST": "EDXAPP_EMAIL_HOST",
    "SMTP_PORT": "EDXAPP_EMAIL_PORT",
    "SMTP_USE_TLS": "EDXAPP_EMAIL_USE_TLS",
    "SMTP_USERNAME": "EDXAPP_EMAIL_HOST_USER",
    "SMTP_PASSWORD": "EDXAPP_EMAIL_HOST_PASSWORD",
    "DISCOVERY_MYSQL_DATABASE": "DISCOVERY_DEFAULT_DB_NAME",
    "DISCOVERY_MYSQL_USERNAME": "DISCOVERY_MYSQL_USER",
    "DISCOVERY_MYSQL_PASSWORD": "DISCOVERY_MYSQL_PASSWORD",
    "DISCOVERY_SECRET_KEY": "DISCOVERY_SECRET_KEY",
    "DISCOVERY_OAUTH2_KEY": "DISCOVERY_BACKEND_SERVICE_EDX_OAUTH2_KEY",
    "DISCOVERY_OAUTH2_KEY_SSO": "DISCOVERY_SOCIAL_AUTH_EDX_OAUTH2_KEY",
    "DISCOVERY_OAUTH2_SECRET": "DISCOVERY_BACKEND_SERVICE_EDX_OAUTH2_SECRET",
    "DISCOVERY_OAUTH2_SECRET_SSO": "DISCOVERY_SOCIAL_AUTH_EDX_OAUTH2_SECRET",
    "ECOMMERCE_MYSQL_DATABASE": "ECOMMERCE_DATABASE_NAME",
    "ECOMMERCE_MYSQL_USERNAME": "ECOMMERCE_DATABASE_USER",
    "ECOMMERCE_MYSQL_PASSWORD": "ECOMMERCE_DATABASE_PASSWORD",
    "ECOMMERCE_SECRET_KEY": "ECOMMERCE_SECRET_KEY",
    "ECOMMERCE_API_KEY": "ECOMMERCE_EDX_API_KEY",
    "ECOMMERCE_OAUTH2_KEY": "ECOMMERCE_BACKEND_SERVICE_EDX_OAUTH2_KEY",
    "ECOMMERCE_OAUTH2_KEY_SSO": "ECOMMERCE_SOCIAL_AUTH_EDX_OAUTH2_KEY",
    "ECOMMERCE_OAUTH2_SECRET": "ECOMMERCE_BACKEND_SERVICE_EDX_OAUTH2_SECRET",
    "ECOMMERCE_OAUTH2_SECRET_SSO": "ECOMMERCE_SOCIAL_AUTH_EDX_OAUTH2_SECRET",
    "ECOMMERCE_CURRENCY": "ECOMMERCE_OSCAR_DEFAULT_CURRENCY",
}
"""Settings of Tutor that have a variable's value as it is, if there is the variable."""
_SWITCHES = {
    "ENABLE_HTTPS": True,  # in addresses: TLS ends at Ocim's balancer
    "ENABLE_WEB_PROXY": False,
    **dict.fromkeys(("RUN_MYSQL", "RUN_MONGODB", "RUN_REDIS", "RUN_MEILISEARCH"), False),
    "RUN_SMTP": False,
    # Its account is never Tutor's: Ocim makes databases and accounts.
    "MYSQL_ROOT_PASSWORD": "",
}


def configuration(variables: Mapping[str, Any], *, project: str, address: str) -> dict[str, Any]:
    """Return the content of Tutor's configuration file; it may hold Secrets at any depth.

    `project`: name of the compose project. `address`: where its web server listens, at port 80 if
    the address has none.
    The variables must have passed `checks.faults`.
    """
    present = plugins(variables)
    same = {name: variables[source] for name, source in SAME.items() if source in variables}
    derived = {
        name: derive(_seed(variables), f"TUTOR_{name}")
        for name in ("CMS_OAUTH2_SECRET", "ID", "MEILISEARCH_MASTER_KEY")
    }
    preview = variables["EDXAPP_PREVIEW_LMS_BASE"]
    if "mfe" in present and written(variables).get("MFE_HOST", preview) == preview:
        # Up to teak, Tutor's web server has both names, and does not start if they are the same.
        same["PREVIEW_LMS_HOST"] = f"lms.{preview}"
    else:
        same["PREVIEW_LMS_HOST"] = preview
    return {
        **same,
        **derived,
        **_servers(variables),
        **(_discovery(variables) if "discovery" in present else {}),
        **(_ecommerce(variables) if "ecommerce" in present else {}),
        "JWT_RSA_PRIVATE_KEY": _pem(variables["EDXAPP_JWT_PRIVATE_SIGNING_JWK"]),
        **_SWITCHES,
        **written(variables),
        **_search(variables, derived["MEILISEARCH_MASTER_KEY"]),
        "CADDY_HTTP_PORT": upstream(Service.LMS, address, one_port=True),
        "LOCAL_PROJECT_NAME": project,
        "PLUGINS": [*present, OWN_PLUGIN],
    }


def platform_version(variables: Mapping[str, Any]) -> str:
    """Return the version of the platform's code; the variable's name depends on the release."""
    names = ("EDX_PLATFORM_VERSION", "edx_platform_version")
    return str(next((variables[name] for name in names if variables.get(name)), ""))


def platform_of(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return variables for the build of an image: which code it gets.

    Raise ValidationError if that would leave a password in the image.
    """
    repository = variables["edx_platform_repo"]
    if isinstance(repository, Secret):
        raise ValidationError(
            ["edx_platform_repository_url has a password, which would stay in the image."],
            remedy="Use a repository that needs none.",
        )
    return {
        f"{PREFIX}EDX_PLATFORM_REPOSITORY": repository,
        f"{PREFIX}EDX_PLATFORM_VERSION": platform_version(variables),
    }


def _seed(variables: Mapping[str, Any]) -> bytes:
    return str(revealed(variables["EDXAPP_EDXAPP_SECRET_KEY"])).encode()


def _servers(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the servers that the app servers of the instance share."""
    host, _, port = str(variables["EDXAPP_CELERY_BROKER_HOSTNAME"]).rpartition(":")
    password = variables.get("EDXAPP_CELERY_PASSWORD", "")
    database = variables["EDXAPP_MYSQL_DB_NAME"]
    return {
        "MYSQL_PORT": int(variables["EDXAPP_MYSQL_PORT"] or 3306),
        "REDIS_HOST": host,
        "REDIS_PORT": int(port),
        # Tutor leaves out the password where the user has no name.
        "REDIS_USERNAME": "default" if revealed(password) else "",
        "REDIS_PASSWORD": password,
        "MONGODB_DATABASE": database,
        "MEILISEARCH_INDEX_PREFIX": f"{database}_",
    }


def _search(variables: Mapping[str, Any], derived: Secret) -> dict[str, Any]:
    """Return the key for the instance's indexes, as Meilisearch computes it of master key and id.

    Databases have keys of their own, so that a copy never writes to the instance's indexes.
    """
    own = written(variables)
    name = f"meilisearch {variables['EDXAPP_MYSQL_DB_NAME']}".encode()
    digest = hmac.digest(_seed(variables), name, "sha256")
    uid = str(own.get("MEILISEARCH_API_KEY_UID") or uuid.UUID(bytes=digest[:16], version=4))
    master = str(revealed(own.get("MEILISEARCH_MASTER_KEY", derived)))
    key = hmac.new(master.encode(), uid.encode(), "sha256").hexdigest()
    return {
        "MEILISEARCH_MASTER_KEY": Secret(master),
        "MEILISEARCH_API_KEY_UID": uid,
        "MEILISEARCH_API_KEY": own.get("MEILISEARCH_API_KEY", Secret(key)),
    }


def _discovery(variables: Mapping[str, Any]) -> dict[str, Any]:
    settings = variables.get(SETTINGS)
    names = settings.get(NAMES, {}) if isinstance(settings, Mapping) else {}
    url = urlsplit(str(revealed(variables[URL])))
    # Tutor has no settings for the account, but puts the host into a URL.
    host = url.netloc.removesuffix(f":{url.port}")
    return {
        "DISCOVERY_HOST": urlsplit(variables["DISCOVERY_URL_ROOT"]).hostname,
        "DISCOVERY_RUN_ELASTICSEARCH": False,
        "DISCOVERY_ELASTICSEARCH_SCHEME": url.scheme,
        "DISCOVERY_ELASTICSEARCH_HOST": Secret(host) if url.username else host,
        "DISCOVERY_ELASTICSEARCH_PORT": url.port or (443 if url.scheme == "https" else 80),
        "DISCOVERY_INDEX_OVERRIDES": names,
    }


def _ecommerce(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shop's address, and its payment processors: Tutor's shop has one partner."""
    config = variables.get(CONFIG) or {}
    partners = [keys for code, keys in config.items() if code != WEBHOOKS]
    processors = partners[0] if partners else {}
    return {
        "ECOMMERCE_HOST": urlsplit(variables["ECOMMERCE_ECOMMERCE_URL_ROOT"]).hostname,
        "ECOMMERCE_PAYMENT_PROCESSORS": processors,
        "ECOMMERCE_ENABLED_PAYMENT_PROCESSORS": list(processors),
        "ECOMMERCE_ENABLED_CLIENT_SIDE_PAYMENT_PROCESSORS": [
            name for name in processors if name in CLIENT_SIDE
        ],
    }


def _pem(jwk: Any) -> Secret:
    """Return the instance's private key in the form that Tutor reads."""
    # Imported here, since nothing else in the catalog needs cryptography.
    from jwcrypto.jwk import JWK

    key = JWK.from_json(str(revealed(jwk)))
    return Secret(key.export_to_pem(private_key=True, password=None).decode())
