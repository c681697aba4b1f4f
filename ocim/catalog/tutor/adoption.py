"""An instance's settings, read from the configuration file of a Tutor that runs a site already.

It is the table of `configuration`, read backwards.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ocim.catalog.releases import NAMES, Release, traits
from ocim.catalog.shop.shop import CONFIG, TUTORS_CODE
from ocim.catalog.templates import is_template
from ocim.catalog.tutor import operators
from ocim.catalog.tutor.configuration import SAME
from ocim.catalog.tutor.known import MAJORS, PLUGINS, Kind, plugin_of, settings
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
_KEYS, _ENABLED = "ECOMMERCE_PAYMENT_PROCESSORS", "ECOMMERCE_ENABLED_PAYMENT_PROCESSORS"
_OTHERS = ("MYSQL_HOST", "MYSQL_PORT", "PLUGINS", "JWT_RSA_PRIVATE_KEY", _KEYS, _ENABLED)
"""Further settings that Ocim has a place for that is no variable of the same form."""
_OF_PLATFORM: Mapping[str, Any] = {
    "EDXAPP_FERNET_KEYS": ["DUMMY KEY CHANGE BEFORE GOING TO PRODUCTION"],
    "EDXAPP_PROFILE_IMAGE_HASH_SEED": "placeholder_secret_key",
    "EDXAPP_RETIRED_USER_SALTS": ["abc", "123"],
}
"""Secrets that Tutor leaves at the platform's defaults, and that the site's data depend on."""
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
    """Major version of the site's Tutor; 0 if Ocim has none of it."""
    fields: Mapping[str, str]
    """Fields of the instance, without its extra settings and those that are wrong."""
    settings: Mapping[str, Any]
    """Extra settings, secrets among them."""
    databases: Mapping[str, str]
    """Names of its databases by purpose."""
    server: tuple[str, int] | None
    """Host and port of its MySQL server; None if other app servers do not reach it."""
    content: Mapping[str, Any] | None
    """Settings of its MongoDB, without MONGODB_; None if other app servers do not reach that."""
    private_key: Secret | None
    """Key that signs its tokens, as PEM; None if the file has none."""
    left: Mapping[str, str]
    """Settings that are not taken over, each with the reason."""
    faults: tuple[str, ...]
    """Everything that keeps Ocim from running the site beside that Tutor."""


def adoption(
    config: Mapping[str, Any], version: str, *, allowed: Collection[str] | None = None
) -> Adoption:
    """Return what an instance gets of Tutor's configuration file, which `version` has written.

    `allowed`: plugins that may be on; None: all.
    """
    number = re.match(r"\d+", version)
    major = int(number[0]) if number and int(number[0]) in MAJORS else 0
    known = PLUGINS[major or MAJORS[-1]]
    plugins = config.get("PLUGINS")
    present = frozenset(map(str, plugins if isinstance(plugins, list) else ()))
    written = {**DEFAULTS, **config}
    values = {name: _written_out(value, written) for name, value in written.items()}
    preview = "MFE_HOST" if "mfe" in present else "PREVIEW_LMS_HOST"
    named = {*_FIELDS, *_DATABASES, *_OTHERS, preview}
    reasons = {name: _reason(name, values, present, named) for name in values}
    used = {name: value for name, value in values.items() if not reasons[name]}
    extra: dict[str, Any] = {**_OF_PLATFORM, **_payment(used)}
    extra |= {
        SAME.get(name, operators.PREFIX + name): value
        for name, value in used.items()
        if name not in named
    }
    extra |= {
        operators.OF_SERVICES[plugin]: True for plugin in operators.OF_SERVICES if plugin in present
    }
    extra[f"{operators.PREFIX}PLUGINS"] = sorted(present - operators.OF_SERVICES.keys())
    wrong = dict(_faults(used, major or MAJORS[-1], values))
    faults = list(wrong.values())
    if major:
        faults += operators.faults(extra, major, allowed=known if allowed is None else allowed)
    else:
        faults.append(
            f"Ocim has no Tutor {version or '(no version)'}. It has {listed(MAJORS)}: let that"
            " Tutor upgrade the site first."
        )
    fields = {
        field: str(used[name])
        for name, field in {**_FIELDS, preview: _PREVIEW}.items()
        if name in used and name not in wrong
    }
    return Adoption(
        major,
        {**fields, "openedx_release": _release(major)} if major else fields,
        extra,
        {purpose: str(used[name]) for name, purpose in _DATABASES.items() if name in used},
        _server(values),
        _content(values),
        Secret(str(key)) if (key := used.get("JWT_RSA_PRIVATE_KEY")) else None,
        {name: reason for name, reason in reasons.items() if reason and name in config},
        tuple(faults),
    )


def _server(values: Mapping[str, Any]) -> tuple[str, int] | None:
    """Return host and port of the site's MySQL server, if it is no container of the site."""
    host, port = values["MYSQL_HOST"], values["MYSQL_PORT"]
    is_shared = values["RUN_MYSQL"] is False and operators.fits(port, Kind.NUMBER)
    return (str(host), int(port)) if is_shared else None


def _content(values: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the settings of the site's MongoDB, if it is no container of the site."""
    fits = operators.fits(values["MONGODB_PORT"], Kind.NUMBER)
    if values["RUN_MONGODB"] is not False or not fits:
        return None
    return {
        name.removeprefix("MONGODB_"): value
        for name, value in values.items()
        if name.startswith("MONGODB_")
    }


def _payment(used: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shop's payment processors that are on, with their keys, as Ansible has them."""
    keys = used.get(_KEYS)
    if not isinstance(keys, Mapping):
        return {}
    chosen = used.get(_ENABLED)
    names = chosen if isinstance(chosen, list) else list(keys)
    return {CONFIG: {TUTORS_CODE: {str(name): keys[name] for name in names if name in keys}}}


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


def _faults(
    used: Mapping[str, Any], major: int, values: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield each setting that is wrong, and why."""
    for name in _REQUIRED:
        if not used.get(name):
            yield name, f"{name} is missing. Run `tutor config save` there, which writes it."
    for name, what in (("MYSQL", "MySQL"), ("MONGODB", "MongoDB")):
        if values[f"RUN_{name}"] is not False:
            yield (
                f"RUN_{name}",
                f"RUN_{name}: {what} runs in a container of the site, where other app servers do"
                f" not reach it. Move the data to a server, set {name}_HOST to it and RUN_{name} to"
                " false.",
            )
    known = settings(major, PLUGINS[major])
    for name, value in used.items():
        if name in known and not operators.fits(value, known[name]):
            yield name, f"{name} must be {known[name]}."
        elif is_template(repr(value)):
            yield name, f"{name} is a template: write out its value."


def _release(major: int) -> str:
    """Return the branch of the release that the Tutor runs."""
    name = next(name for name in NAMES if traits(Release.of(name)).tutor == major)
    return f"release/{name}" if Release.of(name).is_since("teak") else f"open-release/{name}.master"
