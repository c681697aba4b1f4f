"""Storages of uploads by the platform's settings: a directory, or S3.

A release brings a version of django-storages, which decides the classes and options that it knows.
Django imports a class when it is first used, so boto3 costs only whoever has chosen S3.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from rehearsal.common.releases import Release

DIRECTORY = "django.core.files.storage.FileSystemStorage"
OVERWRITING_DIRECTORY = "openedx.core.storage.OverwriteStorage"
BOTO = "storages.backends.s3boto.S3BotoStorage"
BOTO3 = "storages.backends.s3boto3.S3Boto3Storage"
_RENAMED = {"bucket": "bucket_name", "acl": "default_acl"}


def storages(settings: Mapping[str, Any], release: Release) -> dict[str, dict[str, Any]]:
    """Return Django's STORAGES. Raise ImproperlyConfigured for a class the release does not have.

    Learners' pictures have a storage of their own: DEFAULT_FILE_STORAGE does not move them.
    """
    pictures = settings.get("PROFILE_IMAGE_BACKEND") or {
        "class": OVERWRITING_DIRECTORY,
        "options": {
            "location": f"{settings.get('MEDIA_ROOT') or 'media'}/profile-images/",
            "base_url": f"{media_url(settings)}profile-images/",
        },
    }
    chosen = settings.get("DEFAULT_FILE_STORAGE") or DIRECTORY
    return {
        "default": _storage(chosen, {}, settings, release),
        "pictures": _storage(pictures["class"], pictures.get("options") or {}, settings, release),
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def of_s3(settings: Mapping[str, Any], release: Release) -> dict[str, Any]:
    """Return the settings of django-storages: all AWS_… from juniper on, before only five."""
    early = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "STORAGE_BUCKET_NAME", "QUERYSTRING_AUTH")
    known = {f"AWS_{name}" for name in (*early, "S3_CUSTOM_DOMAIN")}
    return {
        name: None if value == "" else value
        for name, value in settings.items()
        if name.startswith("AWS_") and (name in known or not release.before("juniper"))
    }


def media_url(settings: Mapping[str, Any]) -> str:
    """Return the path below which uploads of a directory are served; it ends with a slash."""
    return str(settings.get("MEDIA_URL") or "/media/").rstrip("/") + "/"


def _storage(
    name: str, options: Mapping[str, Any], settings: Mapping[str, Any], release: Release
) -> dict[str, Any]:
    known = [DIRECTORY, OVERWRITING_DIRECTORY]
    known += [BOTO] if release.before("quince") else []
    known += [] if release.before("juniper") else [BOTO3]
    if name not in known:
        raise ImproperlyConfigured(
            f"Storage '{name}': {release.name} has none of this name, only {', '.join(known)}."
        )
    if name == BOTO:
        return {"BACKEND": BOTO3, "OPTIONS": {**_known(options), "endpoint_url": _host(settings)}}
    if name == BOTO3:
        return {
            "BACKEND": BOTO3,
            "OPTIONS": _known(options) if release.before("quince") else options,
        }
    overwriting = {"allow_overwrite": True} if name == OVERWRITING_DIRECTORY else {}
    return {"BACKEND": DIRECTORY, "OPTIONS": {**options, **overwriting}}


def _known(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options by their names of today; older versions ignore the ones they lack."""
    return {_RENAMED.get(name, name): value for name, value in options.items() if name != "headers"}


def _host(settings: Mapping[str, Any]) -> str | None:
    """Return the address of the server that boto asks. None: Amazon's."""
    host = settings.get("AWS_S3_HOST")
    port = settings.get("AWS_S3_PORT")
    scheme = "https" if settings.get("AWS_S3_USE_SSL", True) else "http"
    return f"{scheme}://{host}{f':{port}' if port else ''}" if host else None
