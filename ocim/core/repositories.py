"""Validation of repository URLs, versions and names of playbooks.

The same rules apply when an instance is saved, when an upgrade is planned and when git runs. Each
function returns a sentence that says what is wrong and what to write, or an empty text.
"""

import re
from urllib.parse import SplitResult, urlsplit

from ocim.core.provisioning import BUILTIN
from ocim.core.secrets import without_credentials

SCHEMES = ("https", "ssh", "file", "http", "git")
"""Transports that git may use. `ext::` and `fd::` run programs; git no longer maintains `ftp`."""
URL_FORMS = "https://, ssh://, user@host:path, git://, http://, file:// or an absolute path"
_SCP_LIKE = re.compile(r"(?:[A-Za-z0-9_][\w.+-]*@)?[A-Za-z0-9][\w.-]*:(?![:-])[^\s:][^\s]*")
_WITH_PASSWORD = re.compile(r"[^/@]*:[^/@]*@")
_OWNER_AND_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_REMOTE_HELPER = re.compile(r"([A-Za-z0-9]+)::")
_PLAYBOOK = re.compile(r"[A-Za-z0-9_][\w.+-]*\.ya?ml")

# The rules of git check-ref-format, each with the reason that an error gives.
_VERSION_RULES = (
    (re.compile(r"^-"), "programs would take it for an option"),
    (re.compile(r"\.\."), "git does not allow '..' in it"),
    (re.compile(r"@\{|^@$"), "git does not allow '@{' in it, nor '@' alone"),
    (re.compile(r"[\x00-\x20\x7f]"), "git does not allow blanks in it"),
    (re.compile(r"[~^:?*\[\\]"), "git does not allow ~ ^ : ? * [ \\ in it"),
    (re.compile(r"^/|/$|//"), "git does not allow '/' at its start or end, nor '//'"),
    (re.compile(r"(^|/)\."), "git does not allow parts that start with a dot"),
    (re.compile(r"\.$"), "git does not allow a dot at its end"),
    (re.compile(r"\.lock(/|$)"), "git does not allow parts that end with '.lock'"),
)


def fault_of_url(url: str, *, may_be_builtin: bool = False) -> str:
    """Return why git cannot, or must not, fetch from `url`; empty if it can."""
    if may_be_builtin and url == BUILTIN:
        return ""
    reason = "it has blanks at its start or end" if url != url.strip() else _reason(url)
    if not reason:
        return ""
    builtin = f"{BUILTIN!r}, " if may_be_builtin else ""
    return f"Invalid repository URL {hidden(url)!r}: {reason}. Write {builtin}{URL_FORMS}."


def fault_of_version(version: str) -> str:
    """Return why `version` is not a valid branch, tag or commit; empty if it is."""
    if not version:
        return "The version is empty: write a branch, a tag or a commit."
    if fault := fault_of_blanks(version):
        return fault
    reasons = [words for rule, words in _VERSION_RULES if rule.search(version)]
    if not version.isprintable():
        reasons.append("it has an invisible character")
    if not reasons:
        return ""
    return f"{version!r} is not a branch, tag or commit: {'; '.join(reasons)}."


def fault_of_playbook(name: str) -> str:
    """Return why `name` is not a valid file name of a playbook; empty if it is."""
    if fault := fault_of_blanks(name):
        return fault
    if "/" in name or "\\" in name:
        return (
            f"{name!r} is a path: write only the name of a file in the repository's directory"
            " `playbooks`, such as openedx_native.yml."
        )
    if not _PLAYBOOK.fullmatch(name):
        return f"{name!r} is not the name of a playbook, such as openedx_native.yml."
    return ""


def fault_of_blanks(value: str) -> str:
    """Return a fault if `value` starts or ends with a blank, which nobody would see."""
    if value == value.strip():
        return ""
    return f"{value!r} has blanks at its start or end: remove them."


def hidden(url: str) -> str:
    """Return the URL without account and password, in whatever form it is written."""
    shown = without_credentials(url)
    return shown if "://" in shown else _WITH_PASSWORD.sub("", shown)


def _reason(url: str) -> str:
    if not url.isprintable():
        return "it has an invisible character"
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
    if helper := _REMOTE_HELPER.match(url):
        return f"{helper[1]}:: is a transport that runs programs"
    if _WITH_PASSWORD.match(url):
        return "only an https:// URL may hold a password"
    if _SCP_LIKE.fullmatch(url):
        return ""
    if url.startswith("-"):
        return "git would take it for an option"
    if _OWNER_AND_NAME.fullmatch(url):
        return f"it is not a URL (did you mean https://github.com/{url}?)"
    return "it is not a URL"


def _reason_of_parts(parts: SplitResult, url: str) -> str:
    if not url.startswith(f"{parts.scheme}://") or parts.scheme not in SCHEMES:
        return f"{url.partition('://')[0]!r} is not one of {', '.join(SCHEMES)}"
    if " " in url and parts.scheme != "file":
        return "it contains a blank"
    if parts.scheme == "file":
        return "" if not parts.netloc and parts.path.strip("/") else "it has no directory"
    host = parts.hostname or ""
    if not host:
        return "it has no host"
    if host.startswith("-") or parts.netloc.startswith("-"):
        return "ssh would take its host for an option"
    return ""
