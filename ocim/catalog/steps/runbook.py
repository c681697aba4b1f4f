"""Set-up steps as commands for a person, for hosts on which Ocim must not run anything."""

import shlex

from ocim.catalog.releases import Traits
from ocim.catalog.steps.shells import SHELLS, in_container, manage
from ocim.catalog.steps.step import Command, Crontab, Script, StepAction
from ocim.core.provisioning import ANSIBLE, TUTOR
from ocim.core.secrets import Secret


def lines(
    action: StepAction, traits: Traits, *, reveal: bool, provisioner: str = ANSIBLE
) -> list[str]:
    """Return the commands or instructions of an action; mask secrets unless `reveal` is True."""
    match action:
        case Command(service, words, then):
            arguments = " ".join(_quoted(word, reveal) for word in words)
            line = manage(service, arguments, traits, provisioner=provisioner)
            more = lines(then, traits, reveal=reveal) if then else []
            if provisioner == TUTOR:
                return [in_container(service, line), *more]
            return [f"sudo -H -u {SHELLS[service].user} bash -c {shlex.quote(line)}", *more]
        case Script(words=words):
            return [words]
        case Crontab(name, line):
            return [f"crontab -e, as root, under a line `#Ansible: {name}`:", line]


def _quoted(word: str | Secret, reveal: bool) -> str:
    if not isinstance(word, Secret):
        return shlex.quote(word)
    flag, separator, _ = word.reveal().partition("=")
    if reveal:
        return shlex.quote(word.reveal())
    return f"{flag}=********" if separator and flag.startswith("--") else "********"
