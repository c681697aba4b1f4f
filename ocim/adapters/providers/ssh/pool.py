"""The pool's file: which machines there are, what they must be like, and how they are cleaned."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from ocim.core.errors import ValidationError
from ocim.parsing.yaml_text import read_mapping


@dataclass(frozen=True)
class Machine:
    """One machine of the pool; either `host_key` or `known_hosts_file` says how it is known."""

    name: str
    address: str
    user: str
    key_file: str
    port: int = 22
    host_key: str = ""
    """Its public key, as `ssh-keyscan` writes it after the address: `ssh-ed25519 AAAA…`."""
    known_hosts_file: str = ""
    flavor: str = ""


@dataclass(frozen=True)
class Pool:
    """What the file says. One of the two ways to clean is given."""

    hosts: tuple[Machine, ...]
    clean_command: str = ""
    """A shell script that root runs on the machine."""
    clean_playbook: str = ""
    """An Ansible playbook of the manager's; it is run on the machine as the only host."""
    distributions: tuple[str, ...] = ()
    """`debian 12`, `ubuntu 20.04`: the ID and VERSION_ID of os-release; empty: any."""
    disk: int = 10
    """GiB that must be free on `/`."""


def read_pool(path: Path) -> Pool:
    """Read the file; ValidationError with everything that is wrong with it."""
    try:
        text = path.read_text()
    except OSError as error:
        raise ValidationError([f"OCIM_SSH_POOL: {error}."]) from error
    given = read_mapping(text, where=str(path))
    faults: list[str] = []
    entries = given.pop("hosts", None)
    if not isinstance(entries, list) or not entries:
        faults.append("hosts: must be a list with at least one host.")
        entries = []
    hosts = [_machine(one, f"hosts[{number}]", faults) for number, one in enumerate(entries)]
    for name, count in Counter(one.get("name") for one in hosts).items():
        if name and count > 1:
            faults.append(f"hosts: {count} are called {name}.")
    _check(Pool, {"hosts": (), **given}, "", faults)
    if not faults and bool(given.get("clean_command")) == bool(given.get("clean_playbook")):
        faults.append("Say how a host is cleaned: either clean_command or clean_playbook.")
    playbook = given.get("clean_playbook", "")
    if not faults and playbook and not Path(playbook).is_file():
        faults.append(f"clean_playbook: there is no file {playbook}.")
    if faults:
        raise ValidationError([f"{path}: {fault}" for fault in faults])
    given["distributions"] = tuple(given.get("distributions", ()))
    return Pool(hosts=tuple(Machine(**one) for one in hosts), **given)


def _machine(given: Any, where: str, faults: list[str]) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        faults.append(f"{where}: must be a mapping.")
        return {}
    before = len(faults)
    _check(Machine, given, f"{where}.", faults)
    if len(faults) > before:
        return given
    if "/" in given["name"] or given["name"].startswith("."):
        faults.append(f"{where}.name: {given['name']!r} is no name of a host.")
    if bool(given.get("host_key")) == bool(given.get("known_hosts_file")):
        faults.append(f"{where}: give either host_key or known_hosts_file.")
    faults += [
        f"{where}.{name}: there is no file {given[name]}."
        for name in ("key_file", "known_hosts_file")
        if given.get(name) and not Path(given[name]).is_file()
    ]
    return given


def _check(kind: type, given: Mapping[str, Any], where: str, faults: list[str]) -> None:
    """Note what is missing, unknown or of the wrong type."""
    known = {one.name: one for one in fields(kind)}
    for name, one in known.items():
        if name not in given and one.default is MISSING:
            faults.append(f"{where}{name}: is missing.")
    for name, value in given.items():
        if name not in known:
            faults.append(f"{where}{name}: is not known; there are {', '.join(known)}.")
        elif known[name].type is str and (not isinstance(value, str) or not value.strip()):
            faults.append(f"{where}{name}: must be a text that is not empty.")
        elif known[name].type is int and (not isinstance(value, int) or isinstance(value, bool)):
            faults.append(f"{where}{name}: must be a whole number.")
        elif name == "distributions" and not (
            isinstance(value, list) and all(isinstance(word, str) for word in value)
        ):
            faults.append(f"{where}{name}: must be a list of texts.")
