"""An instance's `configuration_extra_settings`: Ansible variables, in YAML that operators write."""

import re
from copy import deepcopy
from functools import lru_cache
from typing import Any

from ocim.catalog.templates import is_template
from ocim.catalog.variables.known import TYPES
from ocim.catalog.variables.services import SWITCHES, services_of
from ocim.catalog.variables.types import Kind, as_flag, fits
from ocim.core.characters import hint
from ocim.core.instance import ALWAYS, Service
from ocim.parsing.document import Document
from ocim.parsing.faults import refuse
from ocim.parsing.yaml_text import parse_mapping

WHERE = "configuration_extra_settings"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Where and as whom Ansible runs is not an instance's to say: `ansible_connection: local` would run
# all of it on the manager.
_RESERVED = ("ansible_", "ocim_")


def check_extra_settings(text: str) -> dict[str, Any]:
    """The variables that the text sets, by name.

    ValidationError lists all that is wrong, each with line and column: YAML that cannot be read,
    names that Ansible or Ocim would not take, templates that would run code on the manager, known
    variables of a wrong type. Known switches come back as true or false however they were written.
    """
    return deepcopy(_checked(text))


@lru_cache(maxsize=8)
def _checked(text: str) -> dict[str, Any]:
    """Validation, services and variables of one instance all ask for the same text."""
    document = parse_mapping(text)
    _check_templates(document)
    _check_variables(document)
    refuse(document.faults, where=WHERE)
    return {name: _normal(name, value) for name, value in document.value.items()}


def enabled_services(text: str) -> frozenset[Service]:
    """The services that an instance with these settings has.

    For settings that `check_extra_settings` takes. Others raise nothing: one bad row must not keep
    a balancer from serving the rest; what cannot be read counts as off.
    """
    # Nearly all instances are without, and reading YAML takes its time. A name can be written with
    # escapes, too.
    if "SANDBOX_ENABLE_" not in text and "\\" not in text:
        return ALWAYS
    return services_of(parse_mapping(text).value)


def _check_templates(document: Document) -> None:
    from ocim.parsing.jinja_text import template_faults

    for text in document.texts:
        for fault in template_faults(text.value):
            document.fault(text.place_of(fault.word, fault.line), fault.text)


def _check_variables(document: Document) -> None:
    for name, value in document.value.items():
        place = document.places[name,]
        if not _NAME.fullmatch(name):
            document.fault(place, f"a variable's name has letters, digits and _ only.{hint(name)}")
        elif name.startswith(_RESERVED):
            document.fault(place, f"{name} is not for settings: Ocim itself sets it.")
        elif name in SWITCHES and as_flag(value) is None:
            document.fault(
                place,
                f"{name} must be true or false, and no template: Ocim itself has to know"
                f" which services there are.{hint(str(value))}",
            )
        elif name in TYPES and not fits(value, TYPES[name]):
            document.fault(place, f"{name} must be {TYPES[name]}.{hint(str(value))}")


def _normal(name: str, value: Any) -> Any:
    is_switch = TYPES.get(name) is Kind.FLAG
    return as_flag(value) if is_switch and not is_template(str(value)) else value
