"""Names of git repositories, of versions in them and of playbooks: which ones can be right.

The same rules hold when an instance is saved, when an upgrade is planned and when git is run.
Each function returns a sentence that says what is wrong, or nothing.
"""

import re
from urllib.parse import SplitResult, urlsplit

from ocim.core.provisioning import BUILTIN
from ocim.core.secrets import without_credentials

SCHEMES = ("https", "ssh", "file", "http", "git")
"""Transports that git may use. `ext::` and `fd::` run programs; `ftp` is no longer kept up."""
URL_FORMS = "https://, ssh://, user@host:path, git://, http://, file:// or an absolute path"
_SCP_LIKE = re.compile(r"(?:[A-Za-z0-9_][\w.+-]*@)?[A-Za-z0-9][\w.-]*:(?![:-])[^\s:][^\s]*")
_WITH_PASSWORD = re.compile(r"[^/@]*:[^/@]*@")
_OWNER_AND_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_REMOTE_HELPER = re.compile(r"([A-Za-z0-9]+)::")
_PLAYBOOK = re.compile(r"[A-Za-z0-9_][\w.+-]*\.ya?ml")

# The rules of git check-ref-format, each with its words.
_VERSION_RULES = (
    (re.compile(r"^-"), "programs would take it for an option"),
    (re.compile(r"\.\."), "git allows no '..' in it"),
    (re.compile(r"@\{|^@$"), "git allows no '@{' in it, nor '@' alone"),
    (re.compile(r"[\x00-\x20\x7f]"), "git allows no blanks in it"),
    (re.compile(r"[~^:?*\[\\]"), "git allows none of ~ ^ : ? * [ \\ in it"),
    (re.compile(r"^/|/$|//"), "git allows no '/' at its begin or end, nor two in a row"),
    (re.compile(r"(^|/)\."), "git allows no part of it to begin with a dot"),
    (re.compile(r"\.$"), "git allows no dot at its end"),
    (re.compile(r"\.lock(/|$)"), "git allows no part of it to end with '.lock'"),
)  # fmt: skip


def fault_of_url(url: str, *, may_be_builtin: bool = False) -> str:
    """Return why git cannot, or must not, fetch from `url`; empty where it can."""
    if may_be_builtin and url == BUILTIN:
        return ""
    reason = "it has blanks at its begin or end" if url != url.strip() else _reason(url)
    if not reason:
        return ""
    builtin = f"{BUILTIN!r}, " if may_be_builtin else ""
    return (
        f"{hidden(url)!r} is not a repository that can be used: {reason}."
        f" Write {builtin}{URL_FORMS}."
    )


def fault_of_version(version: str) -> str:
    """Return why `version` can be no branch, tag or commit; empty where it can."""
    if not version:
        return "A version is missing: write a branch, a tag or a commit."
    if fault := fault_of_blanks(version):
        return fault
    reasons = [words for rule, words in _VERSION_RULES if rule.search(version)]
    if not version.isprintable():
        reasons.append("it has a character that does not print")
    if not reasons:
        return ""
    return f"{version!r} is no branch, tag or commit: {'; '.join(reasons)}."


def fault_of_playbook(name: str) -> str:
    """Return why `name` can be no playbook's file; empty where it can."""
    if fault := fault_of_blanks(name):
        return fault
    if "/" in name or "\\" in name:
        return (
            f"{name!r} is a path: write the name alone of a file in the repository's directory of"
            " playbooks, such as openedx_native.yml."
        )
    if not _PLAYBOOK.fullmatch(name):
        return f"{name!r} is no playbook's name, such as openedx_native.yml."
    return ""


def fault_of_blanks(value: str) -> str:
    """Return that `value` begins or ends with a blank, which nobody would see; else nothing."""
    if value == value.strip():
        return ""
    return f"{value!r} has blanks at its begin or end: take them out."


def hidden(url: str) -> str:
    """Return the URL without its account, whatever it is written like."""
    shown = without_credentials(url)
    return shown if "://" in shown else _WITH_PASSWORD.sub("", shown)


def _reason(url: str) -> str:
    if not url.isprintable():
        return "it has a character that does not print"
    if url.startswith("/"):
        return ""
    if "://" not in url:
        return _reason_of_short(url)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "its host or port is malformed"
    return _reason_of_parts(parts, url)


def _reason_of_short(url: str) -> str:
    if found := _REMOTE_HELPER.match(url):
        return f"{found[1]}:: is a transport that runs programs"
    if _WITH_PASSWORD.match(url):
        return "only an https:// URL may hold a password"
    if _SCP_LIKE.fullmatch(url):
        return ""
    if url.startswith("-"):
        return "git would take it for an option"
    if _OWNER_AND_NAME.fullmatch(url):
        return f"it is no URL; maybe https://github.com/{url} is meant"
    return "it is no URL"


def _reason_of_parts(parts: SplitResult, url: str) -> str:
    if not url.startswith(f"{parts.scheme}://") or parts.scheme not in SCHEMES:
        return f"{url.partition('://')[0]!r} is none of {', '.join(SCHEMES)}"
    if " " in url and parts.scheme != "file":
        return "it has a blank in it"
    if parts.scheme == "file":
        return "" if not parts.netloc and parts.path.strip("/") else "it names no directory"
    host = parts.hostname or ""
    if not host:
        return "it names no host"
    if host.startswith("-") or parts.netloc.startswith("-"):
        return "ssh would take its host for an option"
    return ""
