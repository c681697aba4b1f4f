"""Steps as a person does them, on hosts where Ocim may run nothing."""

import shlex

from ocim.catalog.steps.shells import SHELLS, manage
from ocim.catalog.steps.step import Command, Crontab, Script, StepAction
from ocim.core.secrets import Secret


def lines(action: StepAction, *, reveal: bool) -> list[str]:
    """What to type, or to do; secrets as `********` unless they are to be seen."""
    match action:
        case Command(service, words):
            said = " ".join(_quoted(word, reveal) for word in words)
            user = SHELLS[service].user
            return [f"sudo -H -u {user} bash -c {shlex.quote(manage(service, said))}"]
        case Script(words=words):
            return [words]
        case Crontab(name, line):
            return [f"crontab -e, as root, under a line `#Ansible: {name}`:", line]


def _quoted(word: str | Secret, reveal: bool) -> str:
    if not isinstance(word, Secret):
        return shlex.quote(word)
    flag, mark, _ = word.reveal().partition("=")
    if reveal:
        return shlex.quote(word.reveal())
    return f"{flag}=********" if mark and flag.startswith("--") else "********"
