"""Checks of an instance's fields, with messages for the operators who fill them in."""

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

# Preview addresses of ocim.store.routing: the balancer refuses a configuration that names a
# domain twice.
_RESERVED = re.compile(r"appserver-\d+\.")

# Surrogates (bytes that are not UTF-8) and characters that change the direction of writing, too.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    r"\ud800-\udfff\u202a-\u202e\u2066-\u2069]"
)

MOST_APPSERVERS = 100
"""Maximum number of app servers in a spawn: more are a typing error."""


def validate_domain(value: str) -> None:
    """Raise unless the value is a host name with a dot in it."""
    if fault := host_name_fault(value):
        raise DjangoValidationError(fault)
    if _RESERVED.match(value):
        raise DjangoValidationError(f"{value!r} looks like the preview address of an app server.")


def validate_extra_settings(value: str) -> None:
    """Raise unless Ansible accepts the YAML, and it runs nothing on the manager."""
    try:
        check_extra_settings(value)
    except ValidationError as error:
        raise DjangoValidationError(list(error.faults)) from None


def validate_plain(value: str) -> None:
    """Raise unless Ansible can use the text, as it stands, as a variable's value."""
    if is_template(value):
        raise DjangoValidationError("Templates belong in configuration_extra_settings, not here.")
    if value.startswith("-"):
        raise DjangoValidationError("It begins with a dash: programs would take it for an option.")
    _refuse_invisible(value)
    _refuse(fault_of_blanks(value))


def validate_unpadded(value: str) -> None:
    """Raise if the text begins or ends with a blank."""
    _refuse(fault_of_blanks(value))


def validate_configuration_url(value: str) -> None:
    """Raise unless the value is Ocim's own configuration, or a URL that git may fetch."""
    validate_plain(value)
    _refuse(fault_of_url(value, may_be_builtin=True))


def validate_platform_url(value: str) -> None:
    """Raise unless the value is a URL that git may fetch."""
    validate_plain(value)
    _refuse(fault_of_url(value))


def validate_version(value: str) -> None:
    """Raise unless the value can be a branch, a tag or a commit."""
    validate_plain(value)
    _refuse(fault_of_version(value))


def validate_playbook(value: str) -> None:
    """Raise unless the value can be the name of a file in the repository's playbooks directory."""
    validate_plain(value)
    _refuse(fault_of_playbook(value))


def validate_tag(value: str) -> None:
    """Raise if a tag is empty, or has a comma, invisible characters or blanks around it."""
    _refuse_invisible(value)
    if value != value.strip() or not value:
        raise DjangoValidationError("A tag must not be empty, nor begin or end with a space.")
    if "," in value:
        raise DjangoValidationError("A tag must not contain a comma: commas separate tags.")


def _refuse(fault: str) -> None:
    if fault:
        raise DjangoValidationError(fault)


def validate_text(value: str) -> None:
    """Raise if the text holds control characters other than tabs and line breaks."""
    if match := _CONTROL.search(value):
        raise DjangoValidationError(
            f"It holds a control character (U+{ord(match[0]):04X}), character"
            f" {match.start() + 1}: take it out."
        )


def _refuse_invisible(value: str) -> None:
    if match := invisible(value):
        raise DjangoValidationError(
            f"It holds {described(match[0])}, character {match.start() + 1}: take it out."
        )


def validate_partner_code(value: str) -> None:
    """Raise unless ecommerce and discovery can store the code on every database."""
    if not PARTNER_CODE.fullmatch(value):
        raise DjangoValidationError(
            f"{value!r} is no partner code: 1 to 8 ASCII letters, digits, dashes and underscores."
        )


def validate_currency(value: str) -> None:
    """Raise unless the value is the ISO 4217 code of a currency in use today."""
    if fault := currency.fault(value, on=timezone.now().date()):
        raise DjangoValidationError(fault)


def validate_time_zone(value: str) -> None:
    """Raise unless the value is a name in the time zone database."""
    if value not in _time_zones():
        raise DjangoValidationError(f"{value!r} is not a time zone; Europe/Berlin is one.")


@cache
def _time_zones() -> set[str]:
    """Return the names of time zones. Reading them takes some 600 files, so they are cached."""
    return zoneinfo.available_timezones() - {"localtime", "Factory", "posixrules"}
