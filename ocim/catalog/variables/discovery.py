"""Variables of Course Discovery: one function per layer, with upstream's names."""

import shlex
from typing import Any

from ocim.catalog.discovery_job import command
from ocim.catalog.endpoints import HTTPS_PORT, PROXY_PORT, public_url
from ocim.catalog.releases import git_reference
from ocim.catalog.variables.databases import engine, port
from ocim.core.instance import Instance, Service
from ocim.core.provisioning import BUILTIN
from ocim.core.secrets import derive

# Some configuration repositories have a job of this name: it is replaced, so that none runs twice.
_JOB = "discovery: hourly course metadata refresh"
_LOGS = "/edx/var/log/discovery"
LOG = f"{_LOGS}/refresh_course_metadata.log"
"""Log of the hourly job, on hosts of all configuration repositories."""
_HOME = "/edx/app/discovery"
_MANAGE = "./manage.discovery"
"""Script in /edx/bin: the path of another one would make the line of a crontab too long."""


def defaults(instance: Instance) -> dict[str, Any]:
    """Return its version, addresses and names."""
    return {
        "DISCOVERY_VERSION": git_reference(instance),
        "DISCOVERY_URL_ROOT": public_url(instance, Service.DISCOVERY),
        "DISCOVERY_PLATFORM_NAME": instance.name,
        # Upstream's defaults need an account at Amazon and a host named memcache.
        "DISCOVERY_EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "DISCOVERY_MEMCACHE": ["localhost:11211"],
        "DISCOVERY_NGINX_PORT": PROXY_PORT,
        "DISCOVERY_SSL_NGINX_PORT": HTTPS_PORT,
        "DISCOVERY_GUNICORN_WORKERS": 2,
    }


def databases(instance: Instance) -> dict[str, Any]:
    """Return the variables of its database; upstream reads no port, and connects to MySQL's."""
    database = instance.databases["discovery"]
    return {
        **engine("DISCOVERY_DATABASE_ENGINE", database),
        "DISCOVERY_DEFAULT_DB_NAME": database.name,
        "DISCOVERY_MYSQL_USER": database.user,
        "DISCOVERY_MYSQL_PASSWORD": database.password,
        "DISCOVERY_MYSQL": database.host,
        **port("DISCOVERY_MYSQL_PORT", database),
        "DISCOVERY_MYSQL_REPLICA_HOST": database.host,
    }


def storage(instance: Instance) -> dict[str, Any]:
    """Return the variables of the storage for uploads, which outlive app servers."""
    return {
        "DISCOVERY_MEDIA_STORAGE_BACKEND": {
            "DEFAULT_FILE_STORAGE": "django.core.files.storage.FileSystemStorage",
            "MEDIA_ROOT": f"{instance.storage_directory}/discovery/media",
            "MEDIA_URL": "/media/",
        }
    }


def secrets(seed: bytes) -> dict[str, Any]:
    """Return its secret key."""
    return {"DISCOVERY_SECRET_KEY": derive(seed, "DISCOVERY_SECRET_KEY")}


def cron(instance: Instance) -> dict[str, Any]:
    """Return the variable with the hourly job; the built-in playbooks add a job of their own."""
    if instance.configuration_source_repo_url == BUILTIN:
        return {"DISCOVERY_HOURLY_COMMAND": command(_MANAGE, instance.databases["discovery"])}
    return {"EDXAPP_ADDITIONAL_CRON_JOBS": [hourly_job(instance)]}


def hourly_job(instance: Instance) -> dict[str, str]:
    """Return the hourly job, as arguments of Ansible's cron module."""
    run = command(_MANAGE, instance.databases["discovery"]).replace("%", "\\%")
    script = f"source {_HOME}/discovery_env; cd /edx/bin && {run}"
    # The log has the last run only, since nothing else would limit its size.
    return {
        "name": _JOB,
        # Ansible adds it before the user `discovery` exists.
        "user": "root",
        "job": f"mkdir -p {_LOGS}; ( date -u +'\\%FT\\%TZ begins';"
        f' sudo -u discovery bash -c {shlex.quote(script)}; echo "status $?" ) > {LOG} 2>&1',
        "minute": "43",
        "hour": "*",
        "day": "*",
    }
