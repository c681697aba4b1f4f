"""Ocim's own settings: one dataclass, whose fields are the list, with defaults and meaning.

A value already in the environment wins over `.env`. What cannot be read falls back to the default
and is kept as a fault, so that the system checks can report all faults at once.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from ipaddress import IPv4Network
from math import inf
from pathlib import Path
from typing import Any, ClassVar

import environ

BASE_DIR = Path(__file__).resolve().parent.parent.parent
ENV_FILE = BASE_DIR / ".env"
QUEUE = "HUEY_QUEUE_NAME"
SMALLEST_NETWORK = 28


def _option(name: str, default: Any, meaning: str, *, shown: str = "") -> Any:
    """A setting: its name in the environment, its default, and what it is, for the reference."""
    return field(
        default=default, metadata={"name": name, "meaning": meaning, "shown": shown or str(default)}
    )


@dataclass(frozen=True)
class Options:
    """What may be set. Times are in seconds unless the name says otherwise."""

    var: Path = _option(
        "OCIM_VAR",
        BASE_DIR / "var",
        "Directory of all that this installation keeps: database, queue, certificates, hosts.",
        shown="`var` beside the code",
    )
    master_key: str = _option(
        "OCIM_MASTER_KEY",
        "",
        "Encrypts secrets in the database: 32 bytes in URL-safe base64. Keep a copy elsewhere.",
        shown="what `ocim up` wrote to `master.key` in `OCIM_VAR`",
    )
    secret_key: str = _option(
        "SECRET_KEY", "", "Signs sessions.", shown="derived from the master key"
    )
    debug: bool = _option("OCIM_DEBUG", False, "Django's debug pages; never in production.")
    allowed_hosts: tuple[str, ...] = _option(
        "OCIM_ALLOWED_HOSTS",
        ("127.0.0.1", "localhost"),
        "Host names of the manager's pages, with commas between.",
        shown="127.0.0.1,localhost",
    )
    trusted_origins: tuple[str, ...] = _option(
        "OCIM_TRUSTED_ORIGINS",
        (),
        "Origins (`https://ocim.example.com`) that forms may come from, behind a proxy.",
        shown="none",
    )
    secure_cookies: bool = _option(
        "OCIM_SECURE_COOKIES", False, "Whether cookies go over https only; on in production."
    )
    database_url: str = _option(
        "DATABASE_URL",
        "",
        "The manager's own database.",
        shown="`ocim.sqlite3` in `OCIM_VAR`",
    )
    queue_url: str = _option(
        "OCIM_QUEUE_URL",
        "",
        "`redis://host:port/number` for a queue on Redis.",
        shown="`queue.sqlite3` in `OCIM_VAR`",
    )
    queue_name: str = _option(
        QUEUE, "opencraft", "The queue that is enqueued to, and worked by `ocim worker`."
    )
    low_priority_queue: str = _option(
        "OCIM_LOW_PRIORITY_QUEUE", "opencraft_low_priority", "The queue of mass upgrades."
    )
    workers: int = _option("OCIM_WORKERS", 2, "Threads of a worker: jobs that it does at once.")
    web_address: str = _option(
        "OCIM_WEB_ADDRESS", "127.0.0.1:5000", "Where the manager's pages are served."
    )
    balancer_bind: tuple[str, ...] = _option(
        "OCIM_BALANCER_BIND",
        ("127.0.0.1",),
        "Addresses that the balancer listens on, with commas between.",
        shown="127.0.0.1",
    )
    balancer_address: str = _option(
        "OCIM_BALANCER_ADDRESS", "127.0.0.1", "Where app servers and probes reach the balancer."
    )
    https_port: int = _option("OCIM_HTTPS_PORT", 8443, "The balancer's port for https.")
    http_port: int = _option(
        "OCIM_HTTP_PORT", 8080, "The balancer's port for http, which leads to https."
    )
    acme_directory: str = _option(
        "OCIM_ACME_DIRECTORY",
        "",
        "Directory URL of the ACME authority that signs the instances' certificates.",
        shown="none: an authority of the balancer's own",
    )
    acme_email: str = _option("OCIM_ACME_EMAIL", "", "Who is told of trouble with certificates.")
    acme_roots: str = _option(
        "OCIM_ACME_ROOTS", "", "PEM file that the ACME server itself is checked with.",
        shown="the system's",
    )  # fmt: skip
    url_rewrites: tuple[tuple[str, str], ...] = _option(
        "OCIM_URL_REWRITES",
        (),
        "Prefixes of configuration repository URLs and what replaces them: `from=to,from=to`; "
        "`builtin` is the playbooks that Ocim brings.",
        shown="none",
    )
    platform: str = _option(
        "OCIM_PLATFORM",
        "rehearsal",
        "Directory that the built-in playbooks install as edx-platform, from the code's root.",
    )
    default_release: str = _option(
        "OCIM_DEFAULT_RELEASE",
        "open-release/juniper.2",
        "`openedx_release` of an instance that does not say.",
    )
    default_platform_url: str = _option(
        "OCIM_DEFAULT_PLATFORM_URL",
        "https://github.com/open-craft/edx-platform",
        "`edx_platform_repository_url` of an instance that does not say.",
    )
    default_configuration_url: str = _option(
        "OCIM_DEFAULT_CONFIGURATION_URL",
        "builtin",
        "`configuration_source_repo_url` of an instance that does not say.",
    )
    default_configuration_version: str = _option(
        "OCIM_DEFAULT_CONFIGURATION_VERSION",
        "",
        "`configuration_version` of an instance that does not say.",
        shown="the release",
    )
    default_provider: str = _option(
        "OCIM_DEFAULT_PROVIDER", "local", "`provider` of an instance that does not say."
    )
    nspawn_network: IPv4Network = _option(
        "OCIM_NSPAWN_NETWORK",
        IPv4Network("10.213.0.0/22"),
        "Addresses of `nspawn` hosts; this machine itself gets the first.",
    )
    ssh_pool: str = _option(
        "OCIM_SSH_POOL",
        "",
        "YAML file with the machines that `ssh` hosts are taken from.",
        shown="none: there are no `ssh` hosts",
    )
    lease: float = _option(
        "OCIM_LEASE", 15.0, "A worker that was not heard of for so long is taken for dead."
    )
    drain: float = _option("OCIM_DRAIN", 10.0, "Between leaving the balancer and being terminated.")
    host_timeout: float = _option("OCIM_HOST_TIMEOUT", 300.0, "For a new host to come up.")
    task_timeout: float = _option(
        "OCIM_TASK_TIMEOUT", 1800.0, "For one Ansible task, which says nothing meanwhile."
    )
    provision_timeout: float = _option(
        "OCIM_PROVISION_TIMEOUT", 10800.0, "For a whole provisioning run."
    )
    fallback_days: float = _option(
        "OCIM_FALLBACK_DAYS", 7.0, "How long the app server is kept that was active before."
    )
    failed_days: float = _option("OCIM_FAILED_DAYS", 3.0, "How long failed ones are kept.")
    faults: tuple[str, ...] = ()


def options() -> list[Field[Any]]:
    """Everything that may be set, in order."""
    return [one for one in fields(Options) if one.metadata]


def load(environment: Mapping[str, str] = os.environ, env_file: Path = ENV_FILE) -> Options:
    """Read the options from the environment and from `env_file`, if there is one."""
    from_file = _from_file(env_file)
    values = {**from_file, **environment}
    given: dict[str, Any] = {}
    faults = []
    for one in options():
        name = one.metadata["name"]
        if text := values.get(name, "").strip():
            try:
                given[one.name] = READERS[one.type](text)
            except ValueError as error:
                faults.append(f"{name}: {error}")
    if QUEUE in from_file:
        faults.append(
            f"{QUEUE} is in {env_file}: honcho lets that win over the command line. Take it out,"
            " and set it for the command that shall use another queue."
        )
    given["var"] = Path(given.get("var", BASE_DIR / "var")).resolve()
    given.setdefault("master_key", _read(given["var"] / "master.key"))
    given.setdefault("secret_key", f"derived {given['master_key']}")
    return Options(**given, faults=tuple(faults))


def _from_file(path: Path) -> Mapping[str, str]:
    class File(environ.Env):  # type: ignore[misc]
        ENVIRON: ClassVar[dict[str, str]] = {}  # else it is the process's that is read into

    if path.exists():
        File.read_env(str(path))
    return File.ENVIRON


def _read(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


def _flag(text: str) -> bool:
    if (value := {"true": True, "false": False}.get(text.lower())) is None:
        raise ValueError(f"{text!r} is neither true nor false.")
    return value


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number.") from None
    if not 0 <= number < inf:
        raise ValueError(f"{text!r} is not a number of zero or more.")
    return number


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"{text!r} is not a whole number.")
    return int(text)


def _network(text: str) -> IPv4Network:
    network = IPv4Network(text)
    if network.prefixlen > SMALLEST_NETWORK:
        raise ValueError(f"{text!r} is too small for a fleet: say /{SMALLEST_NETWORK} or larger.")
    return network


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [word.rpartition("=") for word in _words(text)]
    if wrong := [pair[2] for pair in pairs if not (pair[0] and pair[2])]:
        raise ValueError(f"{', '.join(wrong)}: write from=to, with commas between pairs.")
    return tuple((old.strip(), new.strip()) for old, _, new in pairs)


READERS: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    Path: Path,
    bool: _flag,
    int: _whole,
    float: _number,
    IPv4Network: _network,
    tuple[str, ...]: _words,
    tuple[tuple[str, str], ...]: _pairs,
}
