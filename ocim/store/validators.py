"""What may be stored in an instance's fields, said in the words of those who fill them in."""

import re
import zoneinfo
from functools import cache

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils import timezone

from ocim.catalog.shop import currency
from ocim.catalog.shop.checks import PARTNER_CODE
from ocim.catalog.templates import is_template
from ocim.core.characters import described, invisible
from ocim.core.errors import ValidationError
from ocim.core.repositories import (
    fault_of_blanks,
    fault_of_playbook,
    fault_of_url,
    fault_of_version,
)
from ocim.parsing.extra_settings import check_extra_settings
from ocim.parsing.host_name import host_name_fault

# See ocim.store.routing: a name used twice would keep the balancer from following anything.
_RESERVED = re.compile(r"appserver-\d+\.")

# Surrogates come of bytes that are no text; the last ones turn the direction of writing.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    r"\ud800-\udfff\u202a-\u202e\u2066-\u2069]"
)

MOST_APPSERVERS = 100
"""Of one spawn; more are a slip of the finger."""


def validate_domain(value: str) -> None:
    """A host name with a dot in it, and nothing around it."""
    if fault := host_name_fault(value):
        raise DjangoValidationError(fault)
    if _RESERVED.match(value):
        raise DjangoValidationError(f"{value!r} looks like the preview address of an app server.")


def validate_extra_settings(value: str) -> None:
    """YAML that Ansible would take, and that runs nothing on the manager."""
    try:
        check_extra_settings(value)
    except ValidationError as error:
        raise DjangoValidationError(list(error.faults)) from None


def validate_plain(value: str) -> None:
    """A text that Ansible takes as it stands: it becomes a variable's value."""
    if is_template(value):
        raise DjangoValidationError("Templates belong in configuration_extra_settings, not here.")
    if value.startswith("-"):
        raise DjangoValidationError("It begins with a dash: programs would take it for an option.")
    _refuse_invisible(value)
    _refuse(fault_of_blanks(value))


def validate_unpadded(value: str) -> None:
    """A text without blanks around it."""
    _refuse(fault_of_blanks(value))


def validate_configuration_url(value: str) -> None:
    """Ocim's own configuration, or a repository that git may fetch from."""
    validate_plain(value)
    _refuse(fault_of_url(value, may_be_builtin=True))


def validate_platform_url(value: str) -> None:
    """A repository that git may fetch from."""
    validate_plain(value)
    _refuse(fault_of_url(value))


def validate_version(value: str) -> None:
    """What can be a branch, a tag or a commit."""
    validate_plain(value)
    _refuse(fault_of_version(value))


def validate_playbook(value: str) -> None:
    """The name of a file in the repository's directory of playbooks."""
    validate_plain(value)
    _refuse(fault_of_playbook(value))


def validate_tag(value: str) -> None:
    """A word or more, with nothing in it that nobody sees, and without commas between tags."""
    _refuse_invisible(value)
    if value != value.strip() or not value:
        raise DjangoValidationError("A tag has no space around it, and is not empty.")
    if "," in value:
        raise DjangoValidationError("A tag has no comma: commas are between tags.")


def _refuse(fault: str) -> None:
    if fault:
        raise DjangoValidationError(fault)


def validate_text(value: str) -> None:
    """Lines and tabs are right; what stands for no character may not even be storable."""
    if found := _CONTROL.search(value):
        raise DjangoValidationError(
            f"It holds a control character (U+{ord(found[0]):04X}), character"
            f" {found.start() + 1}: take it out."
        )


def _refuse_invisible(value: str) -> None:
    if found := invisible(value):
        raise DjangoValidationError(
            f"It holds {described(found[0])}, character {found.start() + 1}: take it out."
        )


def validate_partner_code(value: str) -> None:
    """What ecommerce and discovery take on every database."""
    if not PARTNER_CODE.fullmatch(value):
        raise DjangoValidationError(
            f"{value!r} is no partner code: 1 to 8 ASCII letters, digits, dashes and underscores."
        )


def validate_currency(value: str) -> None:
    """A code of ISO 4217 that people pay with today."""
    if fault := currency.fault(value, on=timezone.now().date()):
        raise DjangoValidationError(fault)


def validate_time_zone(value: str) -> None:
    """A name of the time zone database."""
    if value not in _time_zones():
        raise DjangoValidationError(f"{value!r} is not a time zone; Europe/Berlin is one.")


@cache
def _time_zones() -> set[str]:
    """Read from some 600 files; some of them mean this machine's zone, or none."""
    return zoneinfo.available_timezones() - {"localtime", "Factory", "posixrules"}
