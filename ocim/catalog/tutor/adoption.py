"""An instance's settings, read from the configuration file of a Tutor that runs a site already.

It is the table of `configuration`, read backwards.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ocim.catalog.releases import NAMES, Release, traits
from ocim.catalog.templates import is_template
from ocim.catalog.tutor import operators
from ocim.catalog.tutor.configuration import SAME
from ocim.catalog.tutor.known import MAJORS, PLUGINS, plugin_of, settings
from ocim.core.errors import ValidationError
from ocim.core.secrets import Secret
from ocim.core.texts import listed

DEFAULTS: Mapping[str, Any] = {
    "PLATFORM_NAME": "My Open edX",
    "CONTACT_EMAIL": "contact@{{ LMS_HOST }}",
    "CMS_HOST": "studio.{{ LMS_HOST }}",
    "MFE_HOST": "apps.{{ LMS_HOST }}",
    "PREVIEW_LMS_HOST": "preview.{{ LMS_HOST }}",
    "DISCOVERY_HOST": "discovery.{{ LMS_HOST }}",
    "ECOMMERCE_HOST": "ecommerce.{{ LMS_HOST }}",
    "JWT_COMMON_SECRET_KEY": "{{ OPENEDX_SECRET_KEY }}",
    "RUN_MYSQL": True,
    "RUN_MONGODB": True,
    "RUN_SMTP": True,
    "MYSQL_HOST": "mysql",
    "MYSQL_PORT": 3306,
    "OPENEDX_MYSQL_DATABASE": "openedx",
    "DISCOVERY_MYSQL_DATABASE": "discovery",
    "ECOMMERCE_MYSQL_DATABASE": "ecommerce",
    "MONGODB_HOST": "mongodb",
    "MONGODB_PORT": 27017,
    "MONGODB_DATABASE": "openedx",
    "MONGODB_AUTH_SOURCE": "admin",
    "MONGODB_USERNAME": "",
    "MONGODB_PASSWORD": "",
    "MONGODB_USE_SSL": False,
    "DISCOVERY_OAUTH2_KEY": "discovery",
    "DISCOVERY_OAUTH2_KEY_SSO": "discovery-sso",
    "ECOMMERCE_OAUTH2_KEY": "ecommerce",
    "ECOMMERCE_OAUTH2_KEY_SSO": "ecommerce-sso",
}
"""Tutor's own values of settings that an instance must have, where the file does not set them."""
_FIELDS = {
    "PLATFORM_NAME": "name",
    "CONTACT_EMAIL": "email",
    "LMS_HOST": "internal_lms_domain",
    "CMS_HOST": "internal_studio_domain",
    "DISCOVERY_HOST": "internal_discovery_domain",
    "ECOMMERCE_HOST": "internal_ecommerce_domain",
    "ECOMMERCE_CURRENCY": "currency",
}
_PREVIEW = "internal_lms_preview_domain"
_DATABASES = {
    "OPENEDX_MYSQL_DATABASE": "edxapp",
    "DISCOVERY_MYSQL_DATABASE": "discovery",
    "ECOMMERCE_MYSQL_DATABASE": "ecommerce",
}
_OTHERS = ("MYSQL_HOST", "MYSQL_PORT", "PLUGINS", "JWT_RSA_PRIVATE_KEY")
"""Further settings that Ocim has a place for that is no variable."""
_REQUIRED = ("LMS_HOST", "OPENEDX_SECRET_KEY", "JWT_RSA_PRIVATE_KEY")
_SEARCH = "Course Discovery's indexes are built anew on Ocim's search server"
_DROPPED = {
    **operators.OCIMS,
    **dict.fromkeys(("OPENEDX_CELERY_REDIS_DB", "OPENEDX_CACHE_REDIS_DB"), "Ocim's broker has one"),
    "PREVIEW_LMS_HOST": "Ocim has one name for it and the microfrontends, MFE_HOST",
    "RUN_SMTP": "mail goes by the relay of the settings",
    **{f"DISCOVERY_ELASTICSEARCH_{name}": _SEARCH for name in ("SCHEME", "HOST", "PORT")},
    "DISCOVERY_INDEX_OVERRIDES": _SEARCH,
}
_NAME = re.compile(r"\{\{\s*([A-Z][A-Z0-9_]*)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Adoption:
    """Fields, databases and keys that an instance gets of a site that Tutor runs."""

    major: int
    """Major version of the site's Tutor."""
    fields: Mapping[str, str]
    """Fields of the instance, without its extra settings."""
    settings: Mapping[str, Any]
    """Extra settings, secrets among them."""
    databases: Mapping[str, str]
    """Names of its databases by purpose."""
    server: tuple[str, int]
    """Host and port of its MySQL server."""
    private_key: Secret
    """Key that signs its tokens, as PEM."""
    left: Mapping[str, str]
    """Settings that are not taken over, each with the reason."""


def adoption(config: Mapping[str, Any], version: str) -> Adoption:
    """Return what an instance gets of Tutor's configuration file, which `version` has written.

    Raise ValidationError with everything that keeps Ocim from running the site beside that Tutor.
    """
    number = re.match(r"\d+", version)
    major = int(number[0]) if number else 0
    if major not in MAJORS:
        raise ValidationError(
            [f"Ocim has no Tutor {version or '(no version)'}."],
            remedy=f"It has {listed(MAJORS)}: let that Tutor upgrade the site first.",
        )
    plugins = config.get("PLUGINS")
    present = frozenset(map(str, plugins if isinstance(plugins, list) else ()))
    written = {**DEFAULTS, **config}
    values = {name: _written_out(value, written) for name, value in written.items()}
    preview = "MFE_HOST" if "mfe" in present else "PREVIEW_LMS_HOST"
    named = {*_FIELDS, *_DATABASES, *_OTHERS, preview}
    reasons = {name: _reason(name, values, present, named) for name in values}
    used = {name: value for name, value in values.items() if not reasons[name]}
    extra = {
        SAME.get(name, operators.PREFIX + name): value
        for name, value in used.items()
        if name not in named
    }
    extra |= {
        operators.OF_SERVICES[plugin]: True for plugin in operators.OF_SERVICES if plugin in present
    }
    extra[f"{operators.PREFIX}PLUGINS"] = sorted(present - operators.OF_SERVICES.keys())
    faults = [
        *_faults(used, major, values),
        *operators.faults(extra, major, allowed=PLUGINS[major]),
    ]
    if faults:
        raise ValidationError(faults)
    fields = {field: str(used[name]) for name, field in _FIELDS.items() if name in used}
    return Adoption(
        major,
        {**fields, _PREVIEW: str(used[preview]), "openedx_release": _release(major)},
        extra,
        {purpose: str(used[name]) for name, purpose in _DATABASES.items() if name in used},
        (str(used["MYSQL_HOST"]), int(used["MYSQL_PORT"])),
        Secret(used["JWT_RSA_PRIVATE_KEY"]),
        {name: reason for name, reason in reasons.items() if reason and name in config},
    )


def _written_out(value: Any, values: Mapping[str, Any]) -> Any:
    """Return the value with the names of other settings replaced by their texts."""
    if not isinstance(value, str):
        return value
    return _NAME.sub(lambda match: str(values.get(match[1], match[0])), value)


def _reason(
    name: str, values: Mapping[str, Any], present: Collection[str], named: Collection[str]
) -> str:
    """Return why a setting is not taken over; empty if it is."""
    if (plugin := plugin_of(name)) and plugin not in present:
        return f"the plugin {plugin} is off"
    if name in named:
        return ""
    if name.startswith("MEILISEARCH_"):
        return "indexes are built anew on Ocim's Meilisearch server"
    if name.startswith("SMTP_") and values["RUN_SMTP"] is not False:
        return _DROPPED["RUN_SMTP"]
    return _DROPPED.get(name, "")


def _faults(used: Mapping[str, Any], major: int, values: Mapping[str, Any]) -> Iterator[str]:
    for name in _REQUIRED:
        if not used.get(name):
            yield f"{name} is missing. Run `tutor config save` there, which writes it."
    for name, what in (("MYSQL", "MySQL"), ("MONGODB", "MongoDB")):
        if values[f"RUN_{name}"] is not False:
            yield (
                f"RUN_{name}: {what} runs in a container of the site, where other app servers do"
                f" not reach it. Move the data to a server, set {name}_HOST to it and RUN_{name} to"
                " false."
            )
    known = settings(major, PLUGINS[major])
    for name, value in used.items():
        if name in known and not operators.fits(value, known[name]):
            yield f"{name} must be {known[name]}."
        elif is_template(repr(value)):
            yield f"{name} is a template: write out its value."


def _release(major: int) -> str:
    """Return the branch of the release that the Tutor runs."""
    name = next(name for name in NAMES if traits(Release.of(name)).tutor == major)
    return f"release/{name}" if Release.of(name).is_since("teak") else f"open-release/{name}.master"
