"""Conversion of settings from texts, by type; functions raise ValueError with the fault."""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from math import inf
from pathlib import Path
from typing import Any

from ocim.core.mail import MailRelay, read_relay
from ocim.core.provisioning import Transport
from ocim.core.secrets import Secret
from ocim.core.single_sign_on import RoleRule, read_rules
from ocim.core.texts import listed

SMALLEST_NETWORK = 28
"""Maximum length of the prefix of a network for hosts."""


def _flag(text: str) -> bool:
    if (value := {"true": True, "false": False}.get(text.lower())) is None:
        raise ValueError(f"{text!r} is not a boolean. Write true or false.")
    return value


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number.") from None
    if not 0 <= number < inf:
        raise ValueError(f"{text!r} is not a number from 0 on.")
    return number


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"{text!r} is not a whole number.")
    return int(text)


def _network(text: str) -> IPv4Network:
    network = IPv4Network(text)
    if network.prefixlen > SMALLEST_NETWORK:
        raise ValueError(
            f"{text!r} is too small. Choose a network of /{SMALLEST_NETWORK} or larger."
        )
    return network


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [word.rpartition("=") for word in _words(text)]
    if wrong := [pair[2] for pair in pairs if not (pair[0] and pair[2])]:
        raise ValueError(
            f"{', '.join(wrong)!r} is not a pair. Write from=to, with commas between pairs."
        )
    return tuple((old.strip(), new.strip()) for old, _, new in pairs)


def _secrets(text: str) -> tuple[Secret, ...]:
    # Secrets may contain commas.
    return tuple(Secret(word) for word in text.split())


def _transport(text: str) -> Transport:
    try:
        return Transport(text.lower())
    except ValueError:
        raise ValueError(f"{text!r} is not a transport. Write {listed(Transport, 'or')}.") from None


READERS: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    Path: Path,
    bool: _flag,
    Transport: _transport,
    int: _whole,
    float: _number,
    IPv4Network: _network,
    MailRelay | None: read_relay,
    Secret: Secret,
    tuple[RoleRule, ...]: read_rules,
    tuple[str, ...]: _words,
    tuple[Secret, ...]: _secrets,
    tuple[tuple[str, str], ...]: _pairs,
}
