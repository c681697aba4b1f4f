"""Validation of Ansible variables that operators write in YAML, for one instance or several."""

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from typing import Any

from ocim.catalog.templates import is_template
from ocim.catalog.variables.databases import names_database
from ocim.catalog.variables.known import TYPES
from ocim.catalog.variables.services import SWITCHES, services_of
from ocim.catalog.variables.types import Kind, as_flag, fits
from ocim.catalog.variables.uploads import BUCKET, missing, unused
from ocim.core.characters import hint
from ocim.core.errors import ValidationError
from ocim.core.instance import ALWAYS, Service
from ocim.parsing.document import Document
from ocim.parsing.faults import in_lines, refuse
from ocim.parsing.known_lists import check_lists
from ocim.parsing.yaml_text import parse_mapping

WHERE = "configuration_extra_settings"
"""Name of an instance's own settings in faults."""
SHARED = "shared_settings"
"""Name of settings that several instances share in faults."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = frozenset({"yes", "no", "on", "off"})
"""Words that YAML 1.1 reads as true or false, and that may be texts: Norway's code, Ontario's."""
_SWITCH = re.compile(
    r"(^|_)(ENABLED?|DISABLED?|ALLOW\w*|REQUIRED?|IS|HAS|USE|SHOW|HIDE|DEBUG|SKIP|FORCE|CREATE)(_|$)",
    re.IGNORECASE,
)
"""Names of what is true or false."""
# Instances must not decide where and as whom Ansible runs: `ansible_connection: local` would run
# everything on the manager.
_RESERVED = ("ansible_", "ocim_")


def check_extra_settings(text: str, *, where: str = WHERE) -> dict[str, Any]:
    """Return the variables that the text sets, with known switches as true or false.

    Raise ValidationError with all faults and their places: invalid YAML, invalid or reserved names,
    names of the instance's databases, templates that would run code on the manager, known variables
    of a wrong type. In SHARED settings, switches of services are faults, too.
    """
    return deepcopy(_checked(text, where))


def check_together(values: Mapping[str, Any], texts: Sequence[tuple[str, str]]) -> None:
    """Raise ValidationError with what is wrong with `values`, which several texts set together.

    That is object storage without what it needs, and templates without end. `texts` are names and
    texts, lowest first, which `check_extra_settings` accepts. A fault has the place of its variable
    in the highest text that sets it.
    """
    wrong = [(name, f"{name}: {fault}") for name, fault in missing(values)]
    wrong += _endless(values)
    if not wrong:
        return
    documents = [(where, parse_mapping(text)) for where, text in reversed(texts)]
    for name, fault in wrong:
        document = next(document for _, document in documents if name in document.value)
        document.fault(document.places[name,], fault)
    raise ValidationError(
        [line for where, document in documents for line in in_lines(document.faults, where=where)]
    )


def warnings_of(
    text: str, *, where: str = WHERE, values: Mapping[str, Any] | None = None
) -> list[str]:
    """Return what is valid in the settings but hardly meant, each with its place.

    `values` are the variables of an instance with these settings; None: the text is looked at
    alone, though others may set what it lacks. Return nothing for settings that
    `check_extra_settings` refuses.
    """
    document = parse_mapping(text)
    if document.faults:
        return []
    check_lists(document)
    _warn_of_words(document)
    if values is None:
        values = document.value
        for name, fault in missing(values):
            document.warn(document.places[name,], f"{name}: {fault}")
    if BUCKET in document.value and (bucket := unused(values)):
        document.warn(
            document.places[BUCKET,],
            f"no upload goes to the bucket {bucket}: EDXAPP_DEFAULT_FILE_STORAGE does not choose"
            " S3.",
        )
    return in_lines(document.warnings, where=where)


@lru_cache(maxsize=16)
def _checked(text: str, where: str) -> dict[str, Any]:
    """Check the text once for validation, services and variables of an instance."""
    document = parse_mapping(text)
    _check_templates(document)
    _check_variables(document)
    check_lists(document)
    for name, fault in _endless(document.value):
        document.fault(document.places[name,], fault)
    if where == SHARED:
        _refuse_switches(document)
    refuse(document.faults, where=where)
    return {name: _normal(name, value) for name, value in document.value.items()}


def enabled_services(text: str) -> frozenset[Service]:
    """Return the services that an instance with these settings has.

    Never raise an error: settings that cannot be read count as off, so that an invalid row does not
    keep the balancer from serving other instances.
    """
    # Parsing YAML is slow, and most settings have no switch. (A name may be written with escapes.)
    if "SANDBOX_ENABLE_" not in text and "\\" not in text:
        return ALWAYS
    return services_of(parse_mapping(text).value)


def _check_templates(document: Document) -> None:
    from ocim.parsing.jinja_text import template_faults

    for text in document.texts:
        for fault in template_faults(text.value):
            document.fault(text.place_of(fault.word, fault.line), fault.text)


def _refuse_switches(document: Document) -> None:
    """Refuse switches of services: which an instance has is its own setting alone."""
    for name in SWITCHES:
        if name in document.value:
            document.fault(
                document.places[name,],
                f"{name} is a setting of each instance alone: `ocim services enable` switches its"
                " services on.",
            )


def _endless(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not any(is_template(str(value)) for value in values.values()):
        return []
    from ocim.parsing.references import endless

    return list(endless(values))


def _check_variables(document: Document) -> None:
    for name, value in document.value.items():
        place = document.places[name,]
        if not _NAME.fullmatch(name):
            document.fault(
                place, f"{name!r} is not a variable: use only letters, digits and _.{hint(name)}"
            )
        elif name.startswith(_RESERVED):
            document.fault(place, f"{name} is reserved: only Ocim may set it. Remove it.")
        elif names_database(name):
            document.fault(
                place,
                f"Ocim sets {name}, for databases of the instance alone. Remove it. To use a"
                " database server, register it with `ocim database-server register`, and name it"
                " when the instance is created.",
            )
        elif name in SWITCHES and as_flag(value) is None:
            document.fault(
                place,
                f"{name} must be true or false, not a template, since Ocim itself needs the"
                f" value.{hint(str(value))}",
            )
        elif name in TYPES and not fits(value, TYPES[name], name):
            document.fault(place, f"{name} must be {TYPES[name]}.{hint(str(value))}")


def _warn_of_words(document: Document) -> None:
    for path, text in document.written.items():
        name = str(path[-1])
        is_switch = TYPES.get(name) is Kind.FLAG or _SWITCH.search(name)
        if text.lower() in _WORDS and not is_switch:
            read = "true" if text.lower() in ("yes", "on") else "false"
            document.warn(
                document.places[path],
                f"YAML reads {text} as {read}. Write {read}, or '{text}' in quotes if you mean the"
                " word.",
            )


def _normal(name: str, value: Any) -> Any:
    is_switch = TYPES.get(name) is Kind.FLAG
    return as_flag(value) if is_switch and not is_template(str(value)) else value
