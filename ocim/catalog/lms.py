"""The variables of an instance's LMS and studio: one function per layer, upstream's names."""

from typing import Any

from ocim.catalog.endpoints import public_domain, public_host, public_url, with_port
from ocim.catalog.jwt import ALGORITHM, JwtKeys
from ocim.catalog.releases import of_instance, traits
from ocim.core.secrets import derive
from ocim.core.spec import Instance, Secret, Service

_ENGINES = {
    "sqlite": "django.db.backends.sqlite3",
    "mysql": "django.db.backends.mysql",
    "postgresql": "django.db.backends.postgresql",
}


def defaults(instance: Instance) -> dict[str, Any]:
    """Names, versions and addresses, and what must be safe wherever nobody says otherwise."""
    lms_url = public_url(instance, Service.LMS)
    return {
        "openedx_release": instance.openedx_release,
        "edx_platform_repo": instance.edx_platform_repository_url,
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
        "EDXAPP_PREVIEW_LMS_BASE": with_port(instance, instance.domains.preview),
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
        # TLS ends at the balancer, which sets these headers itself.
        "NGINX_SET_X_FORWARDED_HEADERS": False,
        "ECOMMERCE_SOCIAL_AUTH_REDIRECT_IS_HTTPS": True,
        "edx_django_service_social_auth_redirect_is_https": True,
    }


def databases(instance: Instance) -> dict[str, Any]:
    """Where the LMS's database is, and the account for it."""
    database = instance.databases["edxapp"]
    variables: dict[str, Any] = {
        "EDXAPP_DATABASE_ENGINE": _ENGINES[database.kind],
        "EDXAPP_MYSQL_DB_NAME": database.name,
        "EDXAPP_MYSQL_USER": database.user,
        "EDXAPP_MYSQL_PASSWORD": database.password,
        "EDXAPP_MYSQL_HOST": database.host,
        "EDXAPP_MYSQL_PORT": str(database.port or ""),
    }
    if database.kind == "mysql":
        variables["COMMON_MYSQL_MIGRATE_USER"] = database.user
        variables["COMMON_MYSQL_MIGRATE_PASS"] = database.password
    return variables


def storage(instance: Instance) -> dict[str, Any]:
    """Where uploads go that outlive the app servers."""
    return {"EDXAPP_MEDIA_ROOT": f"{instance.storage_directory}/edxapp/media"}


def secrets(instance: Instance, *, seed: bytes, jwt_keys: JwtKeys) -> dict[str, Any]:
    """Keys and passwords of this instance alone; upstream's defaults are public.

    `seed` is the instance's own, and stays what it is. The clients of ecommerce and discovery are
    among them wherever these services are off, since upstream's roles make the clients anyway.
    """

    def secret(name: str) -> Secret:
        return derive(seed, name)

    variables: dict[str, Any] = {
        name: secret(name)
        for name in ("EDXAPP_EDXAPP_SECRET_KEY", "EDXAPP_EDX_API_KEY", "COMMON_JWT_SECRET_KEY")
    }
    variables["EDXAPP_FERNET_KEYS"] = [secret("EDXAPP_FERNET_KEYS")]
    variables["EDXAPP_JWT_SIGNING_ALGORITHM"] = ALGORITHM
    variables["EDXAPP_JWT_PRIVATE_SIGNING_JWK"] = jwt_keys.private_jwk
    variables["COMMON_JWT_PUBLIC_SIGNING_JWK_SET"] = jwt_keys.public_jwk_set
    for name in _client_names(instance):
        # A client's id is no secret, but it must be unique among the clients.
        variables[f"{name}_KEY"] = name.lower().replace("_", "-")
        variables[f"{name}_SECRET"] = secret(f"{name}_SECRET")
    return variables


def _client_names(instance: Instance) -> list[str]:
    by_use = {
        "edx-oidc": ("SOCIAL_AUTH_EDX_OIDC",),
        "edx-oauth2": ("SOCIAL_AUTH_EDX_OAUTH2", "BACKEND_SERVICE_EDX_OAUTH2"),
    }
    backend = traits(of_instance(instance)).sign_on_backend
    return [f"{service}_{use}" for service in ("ECOMMERCE", "DISCOVERY") for use in by_use[backend]]


def services(instance: Instance) -> dict[str, Any]:
    """Which services there are besides, and where the LMS looks for them."""
    ecommerce_url = public_url(instance, Service.ECOMMERCE)
    return {
        "SANDBOX_ENABLE_ECOMMERCE": Service.ECOMMERCE in instance.services,
        "SANDBOX_ENABLE_DISCOVERY": Service.DISCOVERY in instance.services,
        # The demo partner that upstream makes collides with the instance's own.
        "ecommerce_create_demo_data": False,
        "EDXAPP_ECOMMERCE_PUBLIC_URL_ROOT": ecommerce_url,
        "EDXAPP_ECOMMERCE_API_URL": f"{ecommerce_url}/api/v2/",
        "EDXAPP_COURSE_CATALOG_API_URL": f"{public_url(instance, Service.DISCOVERY)}/api/v1",
    }
