"""Operators' own settings of Tutor: variables that begin with `TUTOR_`, without that prefix."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ocim.catalog.templates import is_template
from ocim.catalog.tutor.known import PLUGINS, Kind, nearest, settings
from ocim.catalog.variables.types import as_flag
from ocim.core.secrets import Secret, revealed
from ocim.core.texts import listed

PREFIX = "TUTOR_"
TEMPLATE = "Tutor would render its value as a template. Remove {{, {% and {#."
_DEFAULT_PLUGINS = ("mfe", "indigo")
"""Plugins that are on unless TUTOR_PLUGINS says otherwise, as with Tutor itself."""
OF_SERVICES = {"discovery": "SANDBOX_ENABLE_DISCOVERY", "ecommerce": "SANDBOX_ENABLE_ECOMMERCE"}
"""Plugins that follow the instance's services, with the services' switches."""

_DOMAIN = "change the domain of the instance instead"
_HOST = "it follows from the app server's host"
_DATABASE = "it follows from the instance's database server"
_BROKER = "it follows from the instance's broker server"
_SHARED = "all app servers of the instance share this server"
OCIMS: Mapping[str, str] = {
    **dict.fromkeys(("LMS_HOST", "CMS_HOST", "DISCOVERY_HOST", "ECOMMERCE_HOST"), _DOMAIN),
    **dict.fromkeys(
        ("CADDY_HTTP_PORT", "LOCAL_PROJECT_NAME", "ENABLE_HTTPS", "ENABLE_WEB_PROXY"), _HOST
    ),
    **dict.fromkeys(("MYSQL_HOST", "MYSQL_PORT"), _DATABASE),
    **dict.fromkeys(("MYSQL_ROOT_USERNAME", "MYSQL_ROOT_PASSWORD"), "Ocim makes the databases"),
    **{
        f"{service}_MYSQL_{name}": _DATABASE
        for service in ("OPENEDX", "DISCOVERY", "ECOMMERCE")
        for name in ("DATABASE", "USERNAME", "PASSWORD")
    },
    **{f"REDIS_{name}": _BROKER for name in ("HOST", "PORT", "USERNAME", "PASSWORD")},
    **{f"RUN_{name}": _SHARED for name in ("MYSQL", "MONGODB", "REDIS", "MEILISEARCH")},
    "DISCOVERY_RUN_ELASTICSEARCH": _SHARED,
    **dict.fromkeys(
        ("ECOMMERCE_PAYMENT_PROCESSORS", "ECOMMERCE_ENABLED_PAYMENT_PROCESSORS"),
        "set-up steps and verifications read payment_processors of the instance, or"
        " ECOMMERCE_PAYMENT_PROCESSOR_CONFIG",
    ),
    "MOUNTS": "containers must not see directories of the engine's machine",
    "PLUGIN_INDEXES": "plugins come from Ocim's lock files",
}
"""Settings that operators must not set, with the reason."""


def written(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the operators' settings by Tutor's names."""
    return {
        name.removeprefix(PREFIX): value
        for name, value in variables.items()
        if name.startswith(PREFIX)
    }


def plugins(variables: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the plugins of the app server, in order: TUTOR_PLUGINS, and those of its services.

    That of ecommerce needs the microfrontends' plugin.
    """
    chosen = variables.get(f"{PREFIX}PLUGINS", _DEFAULT_PLUGINS)
    names = [str(name) for name in chosen] if isinstance(chosen, list | tuple) else []
    following = [name for name, switch in OF_SERVICES.items() if as_flag(variables.get(switch))]
    if "ecommerce" in following:
        following.append("mfe")
    return tuple(sorted({*names, *following} - (OF_SERVICES.keys() - set(following))))


def faults(variables: Mapping[str, Any], major: int, *, allowed: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with the operators' settings; `allowed`: plugins that may be on."""
    present = plugins(variables)
    for name in present:
        if name not in PLUGINS[major]:
            has = ", ".join(PLUGINS[major])
            yield f"{PREFIX}PLUGINS: Tutor {major} has no plugin {name!r} here. It has: {has}."
        elif name not in allowed:
            may = ", ".join(allowed) or "none"
            yield f"{PREFIX}PLUGINS: OCIM_TUTOR_PLUGINS does not allow {name!r}, but: {may}."
    known = settings(major, present)
    for name, value in written(variables).items():
        if reason := OCIMS.get(name):
            yield f"{PREFIX}{name} must not be set: {reason}."
        elif name in known and not fits(value, known[name]):
            yield f"{PREFIX}{name} must be {known[name]}."
        elif fault := unsafe(value):
            yield f"{PREFIX}{name}: {fault}"


def warnings(variables: Mapping[str, Any], major: int) -> Iterator[tuple[str, str, str]]:
    """Yield settings that this Tutor does not have: variable, sentence, and the nearest variable.

    The nearest is empty if none is near.
    """
    present = plugins(variables)
    known = settings(major, present)
    for name in written(variables):
        if name in known:
            continue
        near = nearest(name, major, present)
        having = [plugin for plugin in PLUGINS[major] if name in settings(major, (plugin,))]
        if having:
            text = f"has no effect: the plugin {listed(having)} is off (TUTOR_PLUGINS)."
        else:
            meant = f" Was {PREFIX}{near} meant?" if near else ""
            text = f"is no setting of Tutor {major} with {_with(present)}.{meant}"
        yield f"{PREFIX}{name}", text, f"{PREFIX}{near}" if near else ""


def unsafe(value: Any) -> str:
    """Return why the value must not get into Tutor's templates; empty if it may.

    Tutor renders values as templates. It writes them into YAML for the engine, where a line break
    would add settings of the container, and between quotation marks.
    """
    match value:
        case Secret():
            return unsafe(value.reveal())
        case str() if is_template(value):
            return TEMPLATE
        case str() if any(character in value for character in '"\\\r\n'):
            return 'Tutor writes the value into files as it is. Remove ", \\ and line breaks.'
        case list() | tuple():
            return next(filter(None, map(unsafe, value)), "")
        case Mapping():
            return unsafe([*map(str, value.keys()), *value.values()])
    return ""


def fits(value: Any, kind: Kind) -> bool:
    """Return True if the value is of the setting's type."""
    value = revealed(value)
    match kind:
        case Kind.TEXT:
            return isinstance(value, str | int) and not isinstance(value, bool)
        case Kind.NUMBER:
            return not isinstance(value, bool) and str(value).isdecimal()
        case Kind.FLAG:
            return isinstance(value, bool)
        case Kind.LIST:
            return isinstance(value, list)
        case Kind.MAPPING:
            return isinstance(value, Mapping)


def _with(present: Collection[str]) -> str:
    return f"the plugins {listed(present)}" if present else "no plugin"
