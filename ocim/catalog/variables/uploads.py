"""Places of uploads: a directory that outlives app servers, or object storage by settings.

The names of the LMS's variables are the same in upstream's role from ginkgo to quince. Discovery
has its settings in one mapping; ecommerce has no variable for uploads.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ocim.catalog.releases import Release
from ocim.core.instance import Service

STORAGE = "EDXAPP_DEFAULT_FILE_STORAGE"
DISCOVERY = "DISCOVERY_MEDIA_STORAGE_BACKEND"
BUCKET = "EDXAPP_AWS_STORAGE_BUCKET_NAME"
PICTURES = "EDXAPP_PROFILE_IMAGE_BACKEND"
"""Storage of learners' pictures, which upstream's role keeps in a directory unless this is set."""
_OF_S3 = ("AWS_STORAGE_BUCKET_NAME",)
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
"""Account at S3. Without both, the host's role at Amazon is the account."""
_OF_SWIFT = ("SWIFT_AUTH_URL", "SWIFT_USERNAME", "SWIFT_KEY")
_TENANTS = ("SWIFT_TENANT_NAME", "SWIFT_TENANT_ID")
_CONTAINER = "SWIFT_CONTAINER_NAME"
_DOMAINS = ("SWIFT_USER_DOMAIN", "SWIFT_PROJECT_DOMAIN")
"""Settings of Swift for which upstream's role has no variable; each domain is a name or an id."""
_EXTRA = "EDXAPP_LMS_ENV_EXTRA"
_OPENSTACK_BUCKETS = (BUCKET, "EDXAPP_FILE_UPLOAD_STORAGE_BUCKET_NAME")
"""Variables with the container's name for upstream's settings module `openstack`."""
_BOTO, _BOTO3 = "storages.backends.s3boto.", "storages.backends.s3boto3."
_BOTO3_SINCE = {STORAGE: "juniper", PICTURES: "juniper", DISCOVERY: "koa"}
"""First releases whose requirements have django-storages and boto3 in versions that fit."""
_BOTO_GONE = {STORAGE: "quince", PICTURES: "quince", DISCOVERY: "koa"}
"""First releases whose django-storages knows boto no more."""


def places(services: frozenset[Service], values: Mapping[str, Any]) -> list[str]:
    """Return where the uploads of each service go, in words."""
    result = [f"LMS and studio: {_place(_lms(values), str(values.get('edxapp_media_dir', '')))}"]
    if Service.DISCOVERY in services and isinstance(settings := values.get(DISCOVERY), Mapping):
        result.append(f"discovery: {_place(settings, str(settings.get('MEDIA_ROOT', '')))}")
    return result


def missing(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what object storage lacks to work: the variable that chooses it, and the fault."""
    discovery = values.get(DISCOVERY)
    settings: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
        (STORAGE, "EDXAPP_", _lms(values)),
        (DISCOVERY, "", discovery if isinstance(discovery, Mapping) else {}),
    )
    for variable, prefix, chosen in settings:
        kind = _kind(chosen)
        lacking = [name for name in _needed(kind) if not chosen.get(name)]
        if kind == "S3" and any(chosen.get(name) for name in _KEYS):
            lacking += [name for name in _KEYS if not chosen.get(name)]
        for name in lacking:
            yield variable, f"uploads shall go to {kind}, but {prefix}{name} is missing. Add it."
    if kind_of_lms(values) == "Swift":
        for name in _lacking_for_swift(values):
            yield STORAGE, f"uploads shall go to Swift, but {name} is missing. Add it."


def _lacking_for_swift(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield what django-storage-swift needs besides address, user and key, by its version of auth.

    Version 1 has neither projects nor domains; without a version it is 2, or 3 with both domains.
    """
    settings, extra = _lms(values), values.get(_EXTRA)
    extra = extra if isinstance(extra, Mapping) else {}
    version = str(settings.get("SWIFT_AUTH_VERSION") or "")
    if version != "1" and not any(settings.get(name) for name in _TENANTS):
        yield f"EDXAPP_{_TENANTS[0]}"
    if not extra.get(_CONTAINER) and not _names_container_by_bucket(values):
        yield f"{_CONTAINER} in {_EXTRA}"
    if version == "3":
        for domain in _DOMAINS:
            if not any(extra.get(f"{domain}_{kind}") for kind in ("NAME", "ID")):
                yield f"{domain}_NAME in {_EXTRA}"


def _names_container_by_bucket(values: Mapping[str, Any]) -> bool:
    is_openstack = values.get("EDXAPP_SETTINGS") == "openstack"
    return is_openstack and any(values.get(name) for name in _OPENSTACK_BUCKETS)


def followed(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that follow from an operator's choice of object storage for the LMS.

    Learners' pictures go there, too. Upstream's role has placeholders for what may be left out.
    """
    kind = kind_of_lms(extra)
    if not kind:
        return {}
    options = {"location": "profile-images"} if kind == "S3" else {}
    following: dict[str, Any] = {PICTURES: {"class": extra[STORAGE], "options": options}}
    if kind == "S3":
        following |= dict.fromkeys(
            ("EDXAPP_AWS_S3_CUSTOM_DOMAIN", *(f"EDXAPP_{name}" for name in _KEYS)), ""
        )
    return {name: value for name, value in following.items() if name not in extra}


def kind_of_lms(values: Mapping[str, Any]) -> str:
    """Return the kind of object storage of the LMS: S3, Swift, or "" for a directory."""
    return _kind(_lms(values))


def lacking_classes(values: Mapping[str, Any], release: Release) -> Iterator[tuple[str, str]]:
    """Yield variables that name a class of storage that the release does not have, and why."""
    for variable in (STORAGE, PICTURES, DISCOVERY):
        name = str(_class_of(values.get(variable)))
        if name.startswith(_BOTO) and release.is_since(_BOTO_GONE[variable]):
            yield (
                variable,
                f"{name} is gone since {_BOTO_GONE[variable]}: use {_BOTO3}S3Boto3Storage.",
            )
        elif name.startswith(_BOTO3) and not release.is_since(_BOTO3_SINCE[variable]):
            yield (
                variable,
                f"{name} works since {_BOTO3_SINCE[variable]}: use {_BOTO}S3BotoStorage.",
            )


def unused(values: Mapping[str, Any]) -> str:
    """Return the name of the bucket that is set although uploads do not go there; "" if none."""
    bucket, kind = values.get(BUCKET), kind_of_lms(values)
    is_used = kind == "S3" or (kind == "Swift" and _names_container_by_bucket(values))
    return str(bucket) if bucket and not is_used else ""


def _lms(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the LMS's variables with the names of its settings."""
    prefix = "EDXAPP_"
    return {
        name.removeprefix(prefix): value
        for name, value in values.items()
        if name.startswith((STORAGE, f"{prefix}AWS_", f"{prefix}SWIFT_"))
    }


def _class_of(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value.get("DEFAULT_FILE_STORAGE") or value.get("class")
    return value


def _kind(settings: Mapping[str, Any]) -> str:
    name = str(settings.get("DEFAULT_FILE_STORAGE") or "").lower()
    return "S3" if "s3" in name else "Swift" if "swift" in name else ""


def _needed(kind: str) -> tuple[str, ...]:
    return {"S3": _OF_S3, "Swift": _OF_SWIFT}.get(kind, ())


def _place(settings: Mapping[str, Any], directory: str) -> str:
    match _kind(settings):
        case "S3":
            return f"S3 bucket {settings.get('AWS_STORAGE_BUCKET_NAME')}"
        case "Swift":
            return f"Swift at {settings.get('SWIFT_AUTH_URL')}"
    other = str(settings.get("DEFAULT_FILE_STORAGE") or "")
    return other if other and "FileSystem" not in other else f"directory {directory}"
