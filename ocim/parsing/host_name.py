"""Host names that people write: what is wrong with one, and how it should be written."""

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
    """Say why the text is not the name of a site, and what to write; nothing where it is one."""
    if len(text) > _LONGEST:
        return (
            f"{text[:_BEGINNING]!r}… is not a host name: it has {len(text)} characters, and"
            f" {_LONGEST} at most are possible."
        )
    return _form_fault(text) or _foreign_fault(text) or _label_fault(text)


def _form_fault(text: str) -> str:
    """Recognize what is pasted in place of a name: a URL, a path, a port, an address."""
    scheme = _SCHEME.match(text)
    name = re.split(r"[/?#]", text[scheme.end() :] if scheme else text)[0].rpartition("@")[2]
    if name != text:
        # What stands before an @ may be a password: the text is not repeated.
        better = f"{name!r} alone" if _is_name(name) else "the name alone"
        return f"A URL, a path or a mail address is not a host name: write {better}."
    name, mark, port = text.rpartition(":")
    if mark and port.isdecimal():
        return f"{text!r} is not a host name: write it without the port, as {name!r}."
    if _NUMBER.fullmatch(text.rpartition(".")[2]):
        return f"{text!r} is an IP address, or looks like one: give it a name."
    return ""


def _foreign_fault(text: str) -> str:
    foreign = sorted({letter for letter in text if not letter.isascii()})
    if not foreign:
        return ""
    # They may look just like those of another name.
    named = ", ".join(map(described, foreign[:_SHOWN]))
    fault = f"{text!a} is not a host name: it holds {named}."
    try:
        ascii_form = idna.encode(text, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return f"{fault} Write it in ASCII."
    return f"{fault} Write {ascii_form!r}, if that is the name that you mean."


def _label_fault(text: str) -> str:
    labels = text.split(".")
    if "_" in text and _is_name(text.replace("_", "-")):
        return (
            f"{text!r} is not a host name: browsers' certificates and Django take no underscore."
            f" Write {text.replace('_', '-')!r}."
        )
    if (found := invisible(text)) and len(labels) > 1:
        return f"{text!r} is not a host name: it holds {described(found[0])}."
    if longest := next((one for one in labels if len(one) > _LONGEST_LABEL), ""):
        return (
            f"{text!r} is not a host name: a part of it has {len(longest)} characters, and"
            f" {_LONGEST_LABEL} at most are possible."
        )
    if len(labels) == 1 or not all(map(_LABEL.fullmatch, labels)):
        return f"{text!r} is not a host name such as campus.example.com."
    for label in labels:
        if label.startswith("xn--"):
            try:
                idna.decode(label)
            except (idna.IDNAError, UnicodeError):
                return f"{text!r} is not a host name: {label!r} stands for no international name."
    return ""


def _is_name(text: str) -> bool:
    return bool(text) and not _foreign_fault(text) and not _label_fault(text)
