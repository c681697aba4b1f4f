"""Settings of the manager itself: its data, pages, queues and workers."""

from dataclasses import dataclass
from pathlib import Path
from socket import gethostname

from ocim.project.home import HOME
from ocim.project.options.option import option

QUEUE = "HUEY_QUEUE_NAME"


@dataclass(frozen=True)
class ManagerOptions:
    """Settings of the manager itself: its data, pages, queues and workers."""

    var: Path = option(
        "OCIM_VAR",
        HOME / "var",
        "Directory for the data of this installation: database, queue, certificates, hosts.",
        shown="`var` in the checkout, or in `~/.local/share/ocim` of an installed package",
    )
    machine: str = option(
        "OCIM_MACHINE",
        gethostname(),
        "Name of this machine, which no other machine with the same database has.",
        shown="its host name",
    )
    master_key: str = option(
        "OCIM_MASTER_KEY",
        "",
        "Key that encrypts secrets in the database: 32 bytes in URL-safe base64. Keep a copy.",
        shown="what `ocim up` wrote to `master.key` in `OCIM_VAR`",
    )
    secret_key: str = option(
        "SECRET_KEY", "", "Key that signs sessions.", shown="derived from the master key"
    )
    debug: bool = option(
        "OCIM_DEBUG", False, "Show Django's debug pages. Never use it in production."
    )
    allowed_hosts: tuple[str, ...] = option(
        "OCIM_ALLOWED_HOSTS",
        ("127.0.0.1", "localhost"),
        "Host names of the manager's pages, separated by commas.",
    )
    trusted_origins: tuple[str, ...] = option(
        "OCIM_TRUSTED_ORIGINS",
        (),
        "Origins of forms behind a proxy (`https://ocim.example.com`), separated by commas.",
        shown="none",
    )
    secure_cookies: bool = option(
        "OCIM_SECURE_COOKIES",
        False,
        "Send cookies over https only. Set it to `true` in production.",
    )
    database_url: str = option(
        "DATABASE_URL",
        "",
        "URL of the manager's own database: `kind://user:password@host:port/name`.",
        shown="`ocim.sqlite3` in `OCIM_VAR`",
    )
    queue_url: str = option(
        "OCIM_QUEUE_URL",
        "",
        "URL of the queue on Redis: `redis://host:port/number`.",
        shown="`queue.sqlite3` in `OCIM_VAR`",
    )
    queue_name: str = option(
        QUEUE, "opencraft", "Name of the queue for jobs, and of the one that `ocim worker` serves."
    )
    low_priority_queue: str = option(
        "OCIM_LOW_PRIORITY_QUEUE", "opencraft_low_priority", "Name of the queue for rollouts."
    )
    workers: int = option(
        "OCIM_WORKERS", 2, "Number of threads of a worker: jobs that it runs at once."
    )
    web_address: str = option(
        "OCIM_WEB_ADDRESS", "127.0.0.1:5000", "`host:port` at which the manager's pages are served."
    )
