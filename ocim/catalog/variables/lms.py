"""Variables of LMS and studio: one function per layer, with upstream's names."""

from typing import Any

from ocim.catalog.endpoints import PROXY_PORT, public_domain, public_host, public_url, with_port
from ocim.catalog.secrets.masking import hidden_text
from ocim.catalog.variables.databases import edxapp_like, engine
from ocim.catalog.variables.jwt import ALGORITHM, JwtKeys
from ocim.core.instance import Instance, Service
from ocim.core.secrets import Secret, derive


def defaults(instance: Instance) -> dict[str, Any]:
    """Return names, versions and addresses, and safe values instead of upstream's unsafe ones."""
    lms_url = public_url(instance, Service.LMS)
    return {
        "openedx_release": instance.openedx_release,
        "edx_platform_repo": hidden_text(instance.edx_platform_repository_url),
        "edx_platform_version": instance.edx_platform_commit,
        "EDX_PLATFORM_VERSION": instance.edx_platform_commit,
        "EDXAPP_PLATFORM_NAME": instance.name,
        "EDXAPP_TIME_ZONE": instance.time_zone,
        "EDXAPP_DEFAULT_FROM_EMAIL": instance.email,
        "EDXAPP_CONTACT_EMAIL": instance.email,
        "EDXAPP_TECH_SUPPORT_EMAIL": instance.email,
        "EDXAPP_BUGS_EMAIL": instance.email,
        "EDXAPP_DEFAULT_SERVER_EMAIL": instance.email,
        "EDXAPP_SITE_NAME": public_domain(instance.domains, Service.LMS),
        "EDXAPP_LMS_BASE": public_host(instance, Service.LMS),
        "EDXAPP_LMS_ROOT_URL": lms_url,
        "EDXAPP_PREVIEW_LMS_BASE": with_port(instance.domains.preview, instance.public_port),
        "EDXAPP_CMS_BASE": public_host(instance, Service.STUDIO),
        "COMMON_LMS_BASE_URL": lms_url,
        "COMMON_OAUTH_BASE_URL": lms_url,
        "COMMON_JWT_ISSUER": f"{lms_url}/oauth2",
        "COMMON_JWT_AUDIENCE": f"instance-{instance.id}",
        # The playbooks write this name to /etc/hosts as localhost; with the LMS's name, services on
        # the host would bypass the balancer and its TLS.
        "COMMON_HOSTNAME": "",
        # Upstream's play makes a new key pair for each server, and leaves it in the manager's /tmp.
        "CONFIGURE_JWTS": False,
        # Upstream's demo role creates a staff user with a public password.
        "DEMO_ROLE_ENABLED": False,
        # nginx serves all services at this port, and selects them by name.
        "EDXAPP_LMS_NGINX_PORT": PROXY_PORT,
        "EDXAPP_CMS_NGINX_PORT": PROXY_PORT,
        # TLS ends at the balancer, which sets these headers itself.
        "NGINX_SET_X_FORWARDED_HEADERS": False,
        "edx_django_service_social_auth_redirect_is_https": True,
    }


def databases(instance: Instance) -> dict[str, Any]:
    """Return the variables of the LMS's databases and their accounts."""
    database = instance.databases["edxapp"]
    variables = engine("EDXAPP_DATABASE_ENGINE", database) | edxapp_like("EDXAPP_MYSQL", database)
    if history := instance.databases.get("edxapp_csmh"):
        variables |= edxapp_like("EDXAPP_MYSQL_CSMH", history)
    if xqueue := instance.databases.get("xqueue"):
        variables |= edxapp_like("XQUEUE_MYSQL", xqueue)
    if migrator := database.migrator:
        variables["COMMON_MYSQL_MIGRATE_USER"] = migrator.user
        variables["COMMON_MYSQL_MIGRATE_PASS"] = migrator.password
    if reader := database.reader:
        variables["COMMON_MYSQL_READ_ONLY_USER"] = reader.user
        variables["COMMON_MYSQL_READ_ONLY_PASS"] = reader.password
    return variables


def storage(instance: Instance) -> dict[str, Any]:
    """Return the variables of the storage for uploads, which outlive app servers."""
    return {"edxapp_media_dir": f"{instance.storage_directory}/edxapp/media"}


def secrets(seed: bytes, jwt_keys: JwtKeys) -> dict[str, Any]:
    """Return keys and passwords for this instance alone, since upstream's defaults are public.

    `seed` is the seed of the instance's secrets, which never changes.
    """

    def secret(name: str) -> Secret:
        return derive(seed, name)

    return {name: secret(name) for name in _TEXTS} | {
        # lilac's name of the same secret; with another value, learners' pictures would be lost.
        "EDXAPP_PROFILE_IMAGE_HASH_SEED": secret("EDXAPP_PROFILE_IMAGE_SECRET_KEY"),
        "EDXAPP_FERNET_KEYS": [secret("EDXAPP_FERNET_KEYS")],
        "EDXAPP_RETIRED_USER_SALTS": [secret("EDXAPP_RETIRED_USER_SALTS")],
        "FORUM_API_KEY": secret("EDXAPP_COMMENTS_SERVICE_KEY"),
        "EDXAPP_JWT_SIGNING_ALGORITHM": ALGORITHM,
        "EDXAPP_JWT_PRIVATE_SIGNING_JWK": jwt_keys.private_jwk,
        "COMMON_JWT_PUBLIC_SIGNING_JWK_SET": jwt_keys.public_jwk_set,
    }


_TEXTS = (
    "EDXAPP_EDXAPP_SECRET_KEY",
    "EDXAPP_EDX_API_KEY",
    "EDXAPP_COMMENTS_SERVICE_KEY",
    "EDXAPP_PROFILE_IMAGE_SECRET_KEY",
    "COMMON_JWT_SECRET_KEY",
    "COMMON_HTPASSWD_PASS",
    "COMMON_MYSQL_ADMIN_PASS",
)
