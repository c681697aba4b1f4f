"""What may be stored in an instance's fields, said in the words of those who fill them in."""

import re
import zoneinfo
from functools import cache

from django.core.exceptions import ValidationError

from ocim.catalog import currency
from ocim.catalog.shop_checks import PARTNER_CODE
from ocim.catalog.templates import is_template
from ocim.core.errors import BadInput
from ocim.core.routing import is_host_name
from ocim.documents.extra_settings import check_extra_settings

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
    if foreign := sorted({letter for letter in value if not letter.isascii()}):
        # They may look just like those of another name.
        named = ", ".join(f"U+{ord(letter):04X}" for letter in foreign[:5])
        raise ValidationError(
            f"{value!a} has characters that a host name has not ({named}): write it in ASCII;"
            " an international name begins with xn--."
        )
    if not is_host_name(value) or "." not in value:
        raise ValidationError(f"{value!r} is not a host name such as campus.example.com.")
    if value.rpartition(".")[2].isdecimal():
        raise ValidationError(f"{value!r} is an IP address, or looks like one: give it a name.")
    if _RESERVED.match(value):
        raise ValidationError(f"{value!r} looks like the preview address of an app server.")


def validate_extra_settings(value: str) -> None:
    """YAML that Ansible would take, and that runs nothing on the manager."""
    try:
        check_extra_settings(value)
    except BadInput as error:
        raise ValidationError(list(error.faults)) from None


def validate_plain(value: str) -> None:
    """A text that Ansible takes as it stands: it becomes a variable's value."""
    if is_template(value):
        raise ValidationError("Templates belong in configuration_extra_settings, not here.")
    if value.startswith("-"):
        raise ValidationError("It begins with a dash: programs would take it for an option.")
    if not value.isprintable():
        raise ValidationError("It holds a line break or another character that does not print.")


def validate_tag(value: str) -> None:
    """Printable, and without the spaces around it that nobody would see."""
    if not value.isprintable() or value != value.strip():
        raise ValidationError("A tag has printable characters only, and no space around it.")


def validate_text(value: str) -> None:
    """Lines and tabs are right; what stands for no character may not even be storable."""
    if found := _CONTROL.search(value):
        raise ValidationError(f"It holds a control character (U+{ord(found[0]):04X}): take it out.")


def validate_partner_code(value: str) -> None:
    """What ecommerce and discovery take on every database."""
    if not PARTNER_CODE.fullmatch(value):
        raise ValidationError(
            f"{value!r} is no partner code: 1 to 8 ASCII letters, digits, dashes and underscores."
        )


def validate_currency(value: str) -> None:
    """A code of ISO 4217."""
    if value not in currency.codes():
        raise ValidationError(f"{value!r} is no currency; GBP is one.")


def validate_time_zone(value: str) -> None:
    """A name of the time zone database."""
    if value not in _time_zones():
        raise ValidationError(f"{value!r} is not a time zone; Europe/Berlin is one.")


@cache
def _time_zones() -> set[str]:
    """Read from some 600 files; some of them mean this machine's zone, or none."""
    return zoneinfo.available_timezones() - {"localtime", "Factory", "posixrules"}
