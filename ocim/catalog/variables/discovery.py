"""The variables of Course Discovery: one function per layer, upstream's names."""

from typing import Any

from ocim.catalog.endpoints import HTTPS_PORT, NGINX_PORT, public_url
from ocim.catalog.releases import git_reference
from ocim.catalog.variables.databases import engine
from ocim.core.instance import Instance, Service
from ocim.core.provisioning import BUILTIN
from ocim.core.secrets import derive

REFRESH = "refresh_course_metadata"
# The same name as in configuration repositories that have the job: there it is replaced, and so
# not run twice.
_JOB = "discovery: hourly course metadata refresh"
_HOME = "/edx/app/discovery"
_MANAGE = "/edx/bin/manage.discovery"


def defaults(instance: Instance) -> dict[str, Any]:
    """Its version, addresses and names."""
    return {
        "DISCOVERY_VERSION": git_reference(instance),
        "DISCOVERY_URL_ROOT": public_url(instance, Service.DISCOVERY),
        "DISCOVERY_PLATFORM_NAME": instance.name,
        # Upstream's default sends through Amazon's service, and looks for a host named memcache.
        "DISCOVERY_EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "DISCOVERY_MEMCACHE": ["localhost:11211"],
        "DISCOVERY_NGINX_PORT": NGINX_PORT,
        "DISCOVERY_SSL_NGINX_PORT": HTTPS_PORT,
        "DISCOVERY_GUNICORN_WORKERS": 2,
    }


def databases(instance: Instance) -> dict[str, Any]:
    """Where its database is; upstream takes no port but MySQL's own."""
    database = instance.databases["discovery"]
    return {
        "DISCOVERY_DATABASE_ENGINE": engine(database),
        "DISCOVERY_DEFAULT_DB_NAME": database.name,
        "DISCOVERY_MYSQL_USER": database.user,
        "DISCOVERY_MYSQL_PASSWORD": database.password,
        "DISCOVERY_MYSQL": database.host,
        "DISCOVERY_MYSQL_REPLICA_HOST": database.host,
    }


def storage(instance: Instance) -> dict[str, Any]:
    """Where uploads go that outlive the app servers."""
    return {
        "DISCOVERY_MEDIA_STORAGE_BACKEND": {
            "DEFAULT_FILE_STORAGE": "django.core.files.storage.FileSystemStorage",
            "MEDIA_ROOT": f"{instance.storage_directory}/discovery/media",
            "MEDIA_URL": "/media/",
        }
    }


def secrets(seed: bytes) -> dict[str, Any]:
    """Its own key."""
    return {"DISCOVERY_SECRET_KEY": derive(seed, "DISCOVERY_SECRET_KEY")}


def cron(instance: Instance) -> dict[str, Any]:
    """The hourly job; the built-in playbooks have their own."""
    if instance.configuration_source_repo_url == BUILTIN:
        return {}
    return {"EDXAPP_ADDITIONAL_CRON_JOBS": [hourly_job()]}


def hourly_job() -> dict[str, str]:
    """For Ansible's cron module."""
    # The refresh writes to the database only, so search has to follow. Of few courses a new one is
    # more of a change than update_index lets through by itself.
    commands = f"{_MANAGE} {REFRESH} && {_MANAGE} update_index --disable-change-limit"
    return {
        "name": _JOB,
        # It is added before there is a user `discovery`, whose crontab it would belong to.
        "user": "root",
        "job": f"sudo -u discovery bash -c 'source {_HOME}/discovery_env; {commands}'",
        "minute": "43",
        "hour": "*",
        "day": "*",
    }
