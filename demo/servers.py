"""Servers that app servers share, as containers of stand-in images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.engine import Engine, EngineError

PREFIX = "ocim-rehearsal"
"""Beginning of the names of all stand-in images."""
PASSWORD = "of-the-servers"  # noqa: S105 - of servers that only this machine reaches
OFFSET = 3000
"""Added to the usual ports, which a server of this machine may have at all addresses."""
_ACL = f"user default off\\nuser ocim on >{PASSWORD} ~* &* +@all\\n"


@dataclass(frozen=True)
class SharedServer:
    """A kind of server: how its container is run."""

    port: int
    options: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    data: str = ""
    """Directory that it writes to; empty: it keeps nothing."""


SERVERS = {
    "mysql": SharedServer(
        3306, ("--user=999", f"--env=MYSQL_ROOT_PASSWORD={PASSWORD}"), ("mysqld",), "/var/lib/mysql"
    ),
    "redis": SharedServer(
        6379,
        command=(
            *("sh", "-c"),
            # Accounts that were made since its first start stay.
            f"[ -e /tmp/users.acl ] || printf '{_ACL}' >/tmp/users.acl;"
            " exec redis-server --aclfile /tmp/users.acl --protected-mode no",
        ),
    ),
    "mongodb": SharedServer(27017),
    "meilisearch": SharedServer(7700, (f"--env=MEILI_MASTER_KEY={PASSWORD}",), data="/meili_data"),
    "search": SharedServer(
        9200,
        ("--user=1000", f"--env=ELASTIC_PASSWORD={PASSWORD}"),
        data="/usr/share/elasticsearch/data",
    ),
}
"""Kinds of servers; each has an image of its name. A second one is called `KIND-2`, and so on."""


def start(engine: Engine, names: Sequence[str], *, data: Path | None = None) -> dict[str, str]:
    """Start servers, and return the address of each, which this machine and all containers reach.

    They keep their data below `data`, and start again with the engine; None: in memory.
    """
    return {name: _start(engine, name, data) for name in names}


def remove(engine: Engine, names: Sequence[str]) -> None:
    """Remove the containers of servers."""
    engine.docker("rm", "--force", *map(container, names))


def container(name: str) -> str:
    """Return the name of the server's container."""
    return f"shared-{name}"


def _start(engine: Engine, name: str, data: Path | None) -> str:
    kind, _, number = name.partition("-")
    server = SERVERS[kind]
    address = f"{engine.gateway}:{server.port + OFFSET + int(number or 0)}"
    try:
        engine.docker("start", container(name))
    except EngineError:  # there is none yet, or one that cannot start
        remove(engine, [name])
        engine.docker(
            *("run", "--detach", f"--name={container(name)}"),
            f"--publish={address}:{server.port}",
            *(("--restart=unless-stopped",) if data else ()),
            *(_mount(server.data, data / name if data else None) if server.data else ()),
            *server.options,
            *(f"{PREFIX}/{kind}", *server.command),
        )
    return address


def _mount(target: str, source: Path | None) -> list[str]:
    if source is None:
        return [f"--mount=type=tmpfs,tmpfs-mode=1777,destination={target}"]
    source.mkdir(parents=True, exist_ok=True)
    source.chmod(0o1777)  # for the user of its image
    return [f"--mount=type=bind,source={source},target={target}"]
