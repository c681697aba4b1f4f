"""What a run of Ansible is told: inventory, variables and environment, all in private files."""

import json
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from ocim.adapters.provisioners.ansible.run_directory import MARK
from ocim.core.hosts import Host
from ocim.core.provisioning import Transport
from ocim.core.secrets import Secret, revealed

# What tells package installers how to reach their index.
INDEX_VARIABLES = re.compile(
    r"UV_.*|PIP_.*|(https?|all|no)_proxy|SSL_CERT_(FILE|DIR)", re.IGNORECASE
)
LONGEST_FOR_SOCKETS = 75
"""Characters of a directory: with what ssh adds, a socket's path must stay below 108."""
REACHED_BY_NETWORK = re.compile(
    r"UV_(DEFAULT_|EXTRA_)?INDEX(_URL)?|PIP_(EXTRA_)?INDEX_URL|(https?|all|no)_proxy", re.IGNORECASE
)
"""Of those, what means the same on another machine, unless it names a file of this one."""
_MAY_BE_SECRET = re.compile(r"PASSWORD|TOKEN|://")


def write_files(
    directory: Path,
    *,
    host: Host,
    playbook: Path,
    ansible: Path,
    transport: Transport,
    variables: Mapping[str, object],
) -> None:
    """Fill a run's private directory with all that `ansible_child` reads.

    `ansible`: the virtual environment that it is in.
    """
    _write(directory / "inventory" / "hosts.json", _inventory(host, ansible / "bin/python"))
    _write(directory / "env" / "extravars", revealed(variables))
    _write(
        directory / "call.json",
        {
            "project": str(playbook.parent),
            "binary": str(ansible / "bin/ansible-playbook"),
            "arguments": shlex.quote(str(playbook)),
            "environment": {
                **ansible_environment(directory, host=host, project=playbook.parent),
                **_transport(transport, ansible),
            },
        },
    )


def clean_environment(directory: Path) -> dict[str, str]:
    """What the run's own process gets: a mark, a home in `directory`, and no more than it needs."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(directory),
        "LC_ALL": "C.UTF-8",  # Ansible refuses any other encoding
        "PYTHONWARNINGS": "ignore",
        MARK: str(directory),
    }


def index_environment(host: Host, *, cache: Path) -> dict[str, str | Secret]:
    """Return what installing packages on the host needs of the manager's environment.

    `cache`: where uv keeps packages, if the host is on this machine.
    """
    if host.connection.kind == "local":
        return {**own_index_environment(), "UV_CACHE_DIR": str(cache), "UV_LINK_MODE": "copy"}
    by_network = {
        name: text
        for name, text in os.environ.items()
        if REACHED_BY_NETWORK.fullmatch(name) and "file:" not in text
    }
    return {**host.connection.environment, **_masked(by_network)}


def own_index_environment() -> dict[str, str | Secret]:
    """What installing packages on this machine needs of the manager's environment."""
    kept = {name: text for name, text in os.environ.items() if INDEX_VARIABLES.fullmatch(name)}
    # The manager's own code may be linked to its user's cache; each installation names another.
    kept.pop("UV_CACHE_DIR", None)
    return {
        # Empty where the manager has none: it takes away the one of a local host, which knows
        # the fleet's authorities, but maybe not the index's.
        "SSL_CERT_FILE": "",
        **_masked(kept),
    }


def index_files() -> list[Path]:
    """Return the files of this machine that the manager's environment names to reach the index."""
    texts = [str(revealed(text)) for text in own_index_environment().values()]
    return [Path(text) for text in texts if text.startswith("/")]


def _masked(environment: Mapping[str, str]) -> dict[str, str | Secret]:
    """Addresses may hold a password."""
    return {
        name: Secret(text) if _MAY_BE_SECRET.search(name + text) else text
        for name, text in environment.items()
    }


def ansible_environment(directory: Path, *, host: Host, project: Path) -> dict[str, str]:
    """What Ansible gets besides; on a `local` host its tasks inherit it, so the host's own too."""
    temporary = str(directory / "tmp")
    environment = {
        "ANSIBLE_HOME": str(directory / "ansible"),
        "ANSIBLE_LOCAL_TEMP": temporary,
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_NOCOWS": "1",
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_HOST_KEY_CHECKING": str(bool(host.connection.known_hosts_file)),
    }
    if (project / "ansible.cfg").exists():  # which it does not believe where all may write
        environment["ANSIBLE_CONFIG"] = str(project / "ansible.cfg")
    if host.connection.kind == "local":
        environment |= {"ANSIBLE_REMOTE_TEMP": temporary, **host.connection.environment}
    elif len(str(directory)) <= LONGEST_FOR_SOCKETS:
        environment["ANSIBLE_SSH_CONTROL_PATH_DIR"] = str(directory)
    else:
        environment["ANSIBLE_SSH_ARGS"] = "-C"  # a connection for each step: slower, but it works
    return environment


def _transport(transport: Transport, ansible: Path) -> dict[str, str]:
    settings = {"ANSIBLE_PIPELINING": "0" if transport is Transport.PLAIN else "1"}
    if transport is Transport.MITOGEN:
        found = ansible.glob("lib/python*/site-packages/ansible_mitogen/plugins/strategy")
        if strategies := next(found, None):
            settings["ANSIBLE_STRATEGY_PLUGINS"] = str(strategies)
            settings["ANSIBLE_STRATEGY"] = "mitogen_linear"
    return settings


def _inventory(host: Host, python: Path) -> object:
    connection = host.connection
    if connection.kind == "local":
        variables: dict[str, object] = {
            "ansible_connection": "local",
            "ansible_python_interpreter": str(python),
        }
    else:
        variables = {
            "ansible_host": host.address,
            "ansible_port": connection.port,
            "ansible_user": connection.user,
            "ansible_ssh_private_key_file": connection.key_file,
            "ansible_ssh_common_args": _ssh_options(connection.known_hosts_file),
            "ansible_python_interpreter": "/usr/bin/python3",
        }
    groups = {"openedx_app": {"hosts": {host.name: variables}}}
    return {"all": {"children": {"app": {"children": groups}}}}


def _ssh_options(known_hosts_file: str) -> str:
    file = shlex.quote(known_hosts_file or os.devnull)
    return f"-o UserKnownHostsFile={file} -o IdentitiesOnly=yes"


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file)
