"""Ocim's own settings: one dataclass, whose fields are the list, with defaults and meaning.

A value already in the environment wins over `.env`. What cannot be read falls back to the default
and is kept as a fault, so that the system checks can report all faults at once.
"""

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from ocim.core.places import ROOT
from ocim.core.provisioning import Transport
from ocim.core.secrets import Secret
from ocim.project.env_file import read_env_file, read_text
from ocim.project.readers import READERS


def home(root: Path = ROOT, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the directory of `.env` and `var`: the checkout, else one of the user's own."""
    if (root / "pyproject.toml").is_file():
        return root
    data = environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data, "ocim")


HOME = home()
ENV_FILE = HOME / ".env"
QUEUE = "HUEY_QUEUE_NAME"
PREFIX = "OCIM_"


def _option(name: str, default: Any, meaning: str, *, shown: str = "") -> Any:
    """A setting: its name in the environment, its default, and what it is, for the reference.

    `shown` are words for a default that is none, or not the same everywhere.
    """
    shown = shown or f"`{_written(default)}`"
    return field(default=default, metadata={"name": name, "meaning": meaning, "shown": shown})


def _written(default: Any) -> str:
    """As it would be given in the environment."""
    match default:
        case bool():
            return str(default).lower()
        case float():
            return f"{default:g}"
        case tuple():
            return ",".join(default)
    return str(default)


@dataclass(frozen=True)
class Options:
    """What may be set. Times are in seconds unless the name says otherwise."""

    var: Path = _option(
        "OCIM_VAR",
        HOME / "var",
        "Directory of all that this installation keeps: database, queue, certificates, hosts.",
        shown="`var` in the checkout, or in `~/.local/share/ocim` of an installed package",
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
        "OCIM_LOW_PRIORITY_QUEUE", "opencraft_low_priority", "The queue of rollouts."
    )
    workers: int = _option("OCIM_WORKERS", 2, "Threads of a worker: jobs that it does at once.")
    web_address: str = _option(
        "OCIM_WEB_ADDRESS", "127.0.0.1:5000", "Where the manager's pages are served."
    )
    balancer_bind: tuple[str, ...] = _option(
        "OCIM_BALANCER_BIND",
        ("127.0.0.1",),
        "Addresses that the balancer listens on, with commas between.",
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
    acme_email: str = _option(
        "OCIM_ACME_EMAIL", "", "Who is told of trouble with certificates.", shown="nobody"
    )
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
    git_keys: tuple[str, ...] = _option(
        "OCIM_GIT_KEYS",
        (),
        "Files with the ssh keys that may read configuration repositories, with commas between.",
        shown="those of the manager's user",
    )
    git_known_hosts: str = _option(
        "OCIM_GIT_KNOWN_HOSTS",
        "",
        "File with the host keys of the ssh servers that configurations are fetched from.",
        shown="those of the manager's user",
    )
    require_sandbox: bool = _option(
        "OCIM_REQUIRE_SANDBOX",
        False,
        "Whether Ansible and `local` hosts must be kept from the manager's files, and are refused"
        " where they cannot be.",
    )
    run_memory: int = _option(
        "OCIM_RUN_MEMORY",
        4096,
        "MiB of memory for one run of Ansible, or for building its environment; 0: no limit.",
    )
    run_processes: int = _option(
        "OCIM_RUN_PROCESSES", 1000, "Processes of one run or build at once; 0: no limit."
    )
    run_file_size: int = _option(
        "OCIM_RUN_FILE_SIZE", 8192, "MiB of the largest file of a run or build; 0: no limit."
    )
    build_timeout: float = _option(
        "OCIM_BUILD_TIMEOUT",
        1800.0,
        "For each step of building the environment of a configuration repository.",
    )
    platform: str = _option(
        "OCIM_PLATFORM",
        "rehearsal",
        "Directory that the built-in playbooks install as edx-platform; `rehearsal` is Ocim's own.",
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
    transport: Transport = _option(
        "OCIM_TRANSPORT",
        Transport.PIPELINING,
        "How Ansible's steps get onto hosts: `pipelining`, `plain` (for a sudo that wants a"
        " terminal), or `mitogen` where that is known to work, and `pipelining` elsewhere.",
    )
    build_images: bool = _option(
        "OCIM_BUILD_IMAGES",
        True,
        "Whether a spawn builds the image that it could use, where that is not there yet.",
    )
    verify_services: bool = _option(
        "OCIM_VERIFY_SERVICES",
        True,
        "Whether an activation tries ecommerce and discovery as their users would, and fails where"
        " they do not work.",
    )
    look_seconds: float = _option(
        "OCIM_LOOK_SECONDS",
        30.0,
        "Between two looks at the active app servers, from 1 to 60; one that is dead is restarted.",
    )
    fallback_serves: bool = _option(
        "OCIM_FALLBACK_SERVES",
        True,
        "Whether the app server that was active before takes over from a dead one that a restart"
        " did not help, if it is of the same release.",
    )
    notices: tuple[Secret, ...] = _option(
        "OCIM_NOTICES",
        (),
        "Who is told of rollouts, and of app servers that die: addresses as Apprise has them "
        "(`mailto://…`, `json://…`), with spaces between.",
        shown="nobody",
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
    sql_timeout: float = _option(
        "OCIM_SQL_TIMEOUT", 600.0, "For one SQL statement before an upgrade."
    )
    copy_timeout: float = _option(
        "OCIM_COPY_TIMEOUT", 3600.0, "For one dump of an instance's database, or one restore."
    )
    job_timeout: float = _option(
        "OCIM_JOB_TIMEOUT", 43200.0, "For a job as a whole: a spawn, or the upgrade of an instance."
    )
    fallback_days: float = _option(
        "OCIM_FALLBACK_DAYS", 7.0, "How long the app server is kept that was active before."
    )
    failed_days: float = _option("OCIM_FAILED_DAYS", 3.0, "How long failed ones are kept.")
    faults: tuple[str, ...] = ()
    """What could not be read: `NAME: what is wrong`."""
    unknown: tuple[str, ...] = ()
    """Names that look like settings and are none."""


def options() -> list[Field[Any]]:
    """Everything that may be set, in order."""
    return [one for one in fields(Options) if one.metadata]


def load(environment: Mapping[str, str] = os.environ, env_file: Path = ENV_FILE) -> Options:
    """Read the options from the environment and from `env_file`, if there is one."""
    from_file, faults = read_env_file(env_file)
    if QUEUE in from_file:
        faults.append(
            f"{QUEUE}: it is in {env_file}, and honcho lets that win over the command line. Take"
            " it out, and set it for the command that shall use another queue."
        )
    values = {**from_file, **environment}
    given: dict[str, Any] = {}
    for one in options():
        name = one.metadata["name"]
        if text := values.get(name, "").strip():
            try:
                given[one.name] = READERS[one.type](text)
            except ValueError as error:
                faults.append(f"{name}: {error}")
    given["var"] = Path(given.get("var", HOME / "var")).resolve()
    if "master_key" not in given:
        text, fault = read_text(given["var"] / "master.key")
        given["master_key"] = text.strip()
        faults += [f"OCIM_MASTER_KEY: {fault}"] if fault else []
    given.setdefault("secret_key", f"derived {given['master_key']}")
    names = {one.metadata["name"] for one in options()}
    unknown = sorted(name for name in values if name.startswith(PREFIX) and name not in names)
    return Options(**given, faults=tuple(faults), unknown=tuple(unknown))
