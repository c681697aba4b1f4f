"""The pool's file: its machines, their requirements, and how to clean them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ocim.core.errors import ValidationError
from ocim.parsing.yaml_text import read_mapping


@dataclass(frozen=True)
class Machine:
    """A machine of the pool; its key is in either `host_key` or `known_hosts_file`."""

    name: str
    address: str
    user: str
    key_file: str
    port: int = 22
    host_key: str = ""
    """Public key as `ssh-keyscan` prints it after the address: `ssh-ed25519 AAAA…`."""
    known_hosts_file: str = ""
    flavor: str = ""


@dataclass(frozen=True)
class Pool:
    """The content of the pool's file.

    It has either `clean_command` or `clean_playbook`, unless its only machine is the engine's.
    """

    hosts: tuple[Machine, ...]
    clean_command: str = ""
    """Shell script that root runs on the machine."""
    clean_playbook: str = ""
    """Path of an Ansible playbook on the manager, to run with the machine as its only host."""
    distributions: tuple[str, ...] = ()
    """ID and VERSION_ID of os-release that are accepted, such as `debian 12`; empty for any."""
    disk: int = 10
    """Free space that `/` must have, in GiB."""


def read_pool(path: Path, *, engine: str = "") -> Pool:
    """Read the pool's file; raise ValidationError with everything that is wrong with it.

    `engine`: name of the machine whose Docker engine has hosts, which is lent to nobody; empty if
    it is none of the file.
    """
    try:
        text = path.read_text()
    except OSError as error:
        raise ValidationError([f"OCIM_SSH_POOL: {error}."]) from error
    content = read_mapping(text, where=str(path))
    faults: list[str] = []
    entries = content.pop("hosts", None)
    if not isinstance(entries, list) or not entries:
        faults.append("hosts: must be a list with at least one host.")
        entries = []
    hosts = [_machine(entry, f"hosts[{number}]", faults) for number, entry in enumerate(entries)]
    for name, count in Counter(host.get("name") for host in hosts).items():
        if name and count > 1:
            faults.append(f"hosts: {count} are called {name}.")
    engines = [host for host in hosts if engine and host.get("name") == engine]
    _check_engine(engine, engines, faults)
    _check(Pool, {"hosts": (), **content}, "", faults)
    ways = [name for name in ("clean_command", "clean_playbook") if content.get(name)]
    if not faults and len(ways) != 1 and (ways or len(engines) < len(hosts)):
        faults.append("Set either clean_command or clean_playbook.")
    playbook = content.get("clean_playbook", "")
    if not faults and playbook and not Path(playbook).is_file():
        faults.append(f"clean_playbook: there is no file {playbook}.")
    if faults:
        raise ValidationError([f"{path}: {fault}" for fault in faults])
    content["distributions"] = tuple(content.get("distributions", ()))
    return Pool(hosts=tuple(Machine(**host) for host in hosts), **content)


def _check_engine(name: str, machines: Sequence[Mapping[str, Any]], faults: list[str]) -> None:
    """Add what keeps hosts from the engine to `faults`: ports are published at its IP address."""
    if name and not machines:
        faults.append(f"hosts: there is no {name!r}, the machine of OCIM_DOCKER_ENGINE.")
    for machine in machines:
        try:
            ip_address(str(machine.get("address", "")))
        except ValueError:
            faults.append(
                f"hosts: the address of {name} must be an IP address, as its engine publishes"
                " ports there."
            )


def _machine(entry: Any, where: str, faults: list[str]) -> Mapping[str, Any]:
    if not isinstance(entry, dict):
        faults.append(f"{where}: must be a mapping.")
        return {}
    before = len(faults)
    _check(Machine, entry, f"{where}.", faults)
    if len(faults) > before:
        return entry
    if "/" in entry["name"] or entry["name"].startswith("."):
        faults.append(f"{where}.name: {entry['name']!r} cannot be a machine's name.")
    if bool(entry.get("host_key")) == bool(entry.get("known_hosts_file")):
        faults.append(f"{where}: set either host_key or known_hosts_file.")
    faults += [
        f"{where}.{name}: there is no file {entry[name]}."
        for name in ("key_file", "known_hosts_file")
        if entry.get(name) and not Path(entry[name]).is_file()
    ]
    return entry


def _check(kind: type, entry: Mapping[str, Any], where: str, faults: list[str]) -> None:
    """Add what is missing, unknown or of the wrong type to `faults`."""
    known = {field.name: field for field in fields(kind)}
    for name, field in known.items():
        if name not in entry and field.default is MISSING:
            faults.append(f"{where}{name}: is missing.")
    for name, value in entry.items():
        if name not in known:
            faults.append(f"{where}{name}: unknown name; use one of: {', '.join(known)}.")
        elif known[name].type is str and (not isinstance(value, str) or not value.strip()):
            faults.append(f"{where}{name}: must be a non-empty text.")
        elif known[name].type is int and (not isinstance(value, int) or isinstance(value, bool)):
            faults.append(f"{where}{name}: must be a whole number.")
        elif name == "distributions" and not (
            isinstance(value, list) and all(isinstance(word, str) for word in value)
        ):
            faults.append(f"{where}{name}: must be a list of texts.")
