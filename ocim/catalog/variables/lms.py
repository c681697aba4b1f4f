"""The variables of an instance's LMS and studio: one function per layer, upstream's names."""

from typing import Any

from ocim.catalog.endpoints import NGINX_PORT, public_domain, public_host, public_url, with_port
from ocim.catalog.secrets.masking import hidden_text
from ocim.catalog.variables.databases import edxapp_like, engine
from ocim.catalog.variables.jwt import ALGORITHM, JwtKeys
from ocim.core.instance import Instance, Service
from ocim.core.secrets import Secret, derive


def defaults(instance: Instance) -> dict[str, Any]:
    """Names, versions and addresses, and what must be safe wherever nobody says otherwise."""
    lms_url = public_url(instance, Service.LMS)
    return {
        "openedx_release": instance.openedx_release,
        "edx_platform_repo": hidden_text(instance.edx_platform_repository_url),
        "edx_platform_version": instance.edx_platform_commit,
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
        # A name here is written to the host's /etc/hosts as localhost; were it the LMS's, services
        # on the host would miss the balancer and its TLS.
        "COMMON_HOSTNAME": "",
        # Upstream's play makes a new key pair per server and leaves it on the manager, under /tmp.
        "CONFIGURE_JWTS": False,
        # Upstream's demo role makes a staff user with a known password.
        "DEMO_ROLE_ENABLED": False,
        # nginx tells the services apart by name, at one port that the balancer knows.
        "EDXAPP_LMS_NGINX_PORT": NGINX_PORT,
        "EDXAPP_CMS_NGINX_PORT": NGINX_PORT,
        # TLS ends at the balancer, which sets these headers itself.
        "NGINX_SET_X_FORWARDED_HEADERS": False,
        "edx_django_service_social_auth_redirect_is_https": True,
    }


def databases(instance: Instance) -> dict[str, Any]:
    """Where the databases of the LMS are, and the accounts for them."""
    database = instance.databases["edxapp"]
    variables: dict[str, Any] = {"EDXAPP_DATABASE_ENGINE": engine(database)}
    variables |= edxapp_like("EDXAPP_MYSQL", database)
    if history := instance.databases.get("edxapp_csmh"):
        variables |= edxapp_like("EDXAPP_MYSQL_CSMH", history)
    if xqueue := instance.databases.get("xqueue"):
        variables |= edxapp_like("XQUEUE_MYSQL", xqueue)
    if database.kind == "mysql":
        # One account for all databases of the instance, so that it can migrate each of them.
        variables["COMMON_MYSQL_MIGRATE_USER"] = database.user
        variables["COMMON_MYSQL_MIGRATE_PASS"] = database.password
    return variables


def brokers(instance: Instance) -> dict[str, Any]:
    """Where the LMS's Celery messages go; nothing where that is on the app server itself."""
    broker = instance.broker
    if broker is None:
        return {}
    return {
        "EDXAPP_CELERY_BROKER_TRANSPORT": TRANSPORTS[broker.kind],
        "EDXAPP_CELERY_BROKER_HOSTNAME": f"{broker.host}:{broker.port}",
        "EDXAPP_CELERY_USER": broker.user,
        "EDXAPP_CELERY_PASSWORD": broker.password,
        # edx-platform puts a slash of its own before it, so RabbitMQ's virtual host has one in its
        # name; Celery takes such slashes away where the broker is Redis.
        "EDXAPP_CELERY_BROKER_VHOST": broker.vhost,
    }


TRANSPORTS = {"rabbitmq": "amqp", "redis": "redis"}
"""Celery's name for each kind of broker."""


def storage(instance: Instance) -> dict[str, Any]:
    """Where uploads go that outlive the app servers."""
    return {"EDXAPP_MEDIA_ROOT": f"{instance.storage_directory}/edxapp/media"}


def secrets(seed: bytes, jwt_keys: JwtKeys) -> dict[str, Any]:
    """Keys and passwords of this instance alone; upstream's defaults are public.

    `seed` is the instance's own, and stays what it is.
    """

    def secret(name: str) -> Secret:
        return derive(seed, name)

    # Two names of one password: what the LMS gives, and what xqueue takes.
    xqueue = secret("EDXAPP_XQUEUE_DJANGO_AUTH")
    return {name: secret(name) for name in _TEXTS} | {
        "EDXAPP_FERNET_KEYS": [secret("EDXAPP_FERNET_KEYS")],
        "EDXAPP_RETIRED_USER_SALTS": [secret("EDXAPP_RETIRED_USER_SALTS")],
        "FORUM_API_KEY": secret("EDXAPP_COMMENTS_SERVICE_KEY"),
        "EDXAPP_XQUEUE_DJANGO_AUTH": {"username": "lms", "password": xqueue},
        "XQUEUE_DJANGO_USERS": {"lms": xqueue},
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
    "COMMON_MYSQL_READ_ONLY_PASS",
)
