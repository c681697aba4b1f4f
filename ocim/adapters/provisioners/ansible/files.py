"""The inputs of a run of Ansible: inventory, variables and environment, all in private files."""

import json
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import yaml

from ocim.adapters.programs import base_environment
from ocim.adapters.provisioners.package_index import masked_environment, own_index_environment
from ocim.adapters.provisioners.run_directory import MARK
from ocim.core.hosts import VISIT, Host
from ocim.core.provisioning import Transport
from ocim.core.secrets import Secret, revealed

LONGEST_FOR_SOCKETS = 75
"""Characters of a directory for ssh's sockets, whose paths must stay below 108."""
REACHED_BY_NETWORK = re.compile(
    r"UV_(DEFAULT_|EXTRA_)?INDEX(_URL)?|PIP_(EXTRA_)?INDEX_URL|(https?|all|no)_proxy", re.IGNORECASE
)
"""Index variables that also work on another machine, unless they name a local file."""

# libyaml is many times as fast, but missing if PyYAML was built from source without it.
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def write_files(
    directory: Path,
    *,
    host: Host,
    playbook: Path,
    ansible: Path,
    transport: Transport,
    variables: Mapping[str, object],
) -> None:
    """Write everything that a run's child process reads into the run's private directory.

    `ansible`: the virtual environment of Ansible.
    """
    _write(directory / "inventory" / "hosts.json", _inventory(host, ansible / "bin/python"))
    # As YAML: JSON would turn a mapping's key such as 1 into a text.
    _write_text(
        directory / "env" / "extravars",
        yaml.dump(revealed(variables), Dumper=_Dumper, allow_unicode=True, sort_keys=False),
    )
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
    """Return the environment of a run's own process: a mark, a home, and no more than it needs."""
    return {
        **base_environment(),  # Ansible refuses any other encoding than UTF-8
        "HOME": str(directory),
        "PYTHONWARNINGS": "ignore",
        MARK: str(directory),
    }


def index_environment(host: Host, *, cache: Path) -> dict[str, str | Secret]:
    """Return the variables of the manager that the host needs to reach the package index.

    `cache`: directory of uv's cache, if the host is on this machine.
    """
    if host.connection.kind == "local":
        return {**own_index_environment(), "UV_CACHE_DIR": str(cache), "UV_LINK_MODE": "copy"}
    by_network = {
        name: text
        for name, text in os.environ.items()
        if REACHED_BY_NETWORK.fullmatch(name) and "file:" not in text
    }
    return {**host.connection.environment, **masked_environment(by_network)}


def ansible_environment(directory: Path, *, host: Host, project: Path) -> dict[str, str]:
    """Return Ansible's own variables; for a local host with the host's, which tasks inherit."""
    temporary = str(directory / "tmp")
    environment = {
        "ANSIBLE_HOME": str(directory / "ansible"),
        "ANSIBLE_LOCAL_TEMP": temporary,
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_NOCOWS": "1",
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_INVENTORY_ENABLED": "yaml",  # it reads JSON; to load the others takes long
        "ANSIBLE_HOST_KEY_CHECKING": str(bool(host.connection.known_hosts_file)),
    }
    if (project / "ansible.cfg").exists():  # Ansible ignores it in a world-writable directory
        environment["ANSIBLE_CONFIG"] = str(project / "ansible.cfg")
    if host.connection.kind == "local":
        environment |= {"ANSIBLE_REMOTE_TEMP": temporary, **host.connection.environment}
    elif len(str(directory)) <= LONGEST_FOR_SOCKETS:
        environment["ANSIBLE_SSH_CONTROL_PATH_DIR"] = str(directory)
    else:
        environment["ANSIBLE_SSH_ARGS"] = "-C"  # a connection for each step, without a socket
    return environment


def _transport(transport: Transport, ansible: Path) -> dict[str, str]:
    settings = {"ANSIBLE_PIPELINING": "0" if transport is Transport.PLAIN else "1"}
    if transport is Transport.MITOGEN:
        paths = ansible.glob("lib/python*/site-packages/ansible_mitogen/plugins/strategy")
        if strategies := next(paths, None):
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
    # With the variable, a worker that takes over ends what this run leaves on the machine.
    return f"-o UserKnownHostsFile={file} -o IdentitiesOnly=yes -o SetEnv={VISIT}=run"


def _write(path: Path, content: object) -> None:
    _write_text(path, json.dumps(content))


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
