"""Validation of host names that people write, with suggestions."""

import re

import idna

from ocim.core.characters import described, invisible

_LONGEST = 253
_LONGEST_LABEL = 63
_LABEL = re.compile(r"(?!-)[a-z0-9-]+(?<!-)", re.IGNORECASE | re.ASCII)
_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//|[a-z]+:(?![0-9])", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE | re.ASCII)
_SHOWN = 5
_BEGINNING = 60


def host_name_fault(text: str) -> str:
    """Return why the text is not the name of a site, and what to write; empty if it is one."""
    if len(text) > _LONGEST:
        return (
            f"{text[:_BEGINNING]!r}… is not a host name: it has {len(text)} characters; the"
            f" maximum is {_LONGEST}."
        )
    return _form_fault(text) or _foreign_fault(text) or _label_fault(text)


def _form_fault(text: str) -> str:
    """Return a fault if the text is a URL, a path or an IP address, or has a port."""
    scheme = _SCHEME.match(text)
    name = re.split(r"[/?#]", text[scheme.end() :] if scheme else text)[0].rpartition("@")[2]
    if name != text:
        # The text may contain a password, so do not quote it.
        better = f"only {name!r}" if _is_name(name) else "only the name"
        return f"A URL, a path or a mail address is not a host name: write {better}."
    name, separator, port = text.rpartition(":")
    if separator and port.isdecimal():
        return f"{text!r} is not a host name: write {name!r}, without the port."
    if _NUMBER.fullmatch(text.rpartition(".")[2]):
        return f"{text!r} is an IP address, or looks like one: write a host name."
    return ""


def _foreign_fault(text: str) -> str:
    foreign = sorted({letter for letter in text if not letter.isascii()})
    if not foreign:
        return ""
    # Such characters may look like others.
    named = ", ".join(map(described, foreign[:_SHOWN]))
    fault = f"{text!a} is not a host name: it contains {named}."
    try:
        ascii_form = idna.encode(text, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return f"{fault} Use only ASCII characters."
    return f"{fault} Did you mean {ascii_form!r}?"


def _label_fault(text: str) -> str:
    labels = text.split(".")
    if "_" in text and _is_name(text.replace("_", "-")):
        return (
            f"{text!r} is not a host name: certificates and Django do not allow underscores."
            f" Write {text.replace('_', '-')!r}."
        )
    if (character := invisible(text)) and len(labels) > 1:
        return f"{text!r} is not a host name: it contains {described(character[0])}."
    if too_long := next((label for label in labels if len(label) > _LONGEST_LABEL), ""):
        return (
            f"{text!r} is not a host name: a part of it has {len(too_long)} characters; the"
            f" maximum is {_LONGEST_LABEL}."
        )
    if len(labels) == 1 or not all(map(_LABEL.fullmatch, labels)):
        return f"{text!r} is not a host name such as campus.example.com."
    for label in labels:
        if label.startswith("xn--"):
            try:
                idna.decode(label)
            except (idna.IDNAError, UnicodeError):
                return f"{text!r} is not a host name: {label!r} is not a valid international name."
    return ""


def _is_name(text: str) -> bool:
    return bool(text) and not _foreign_fault(text) and not _label_fault(text)
