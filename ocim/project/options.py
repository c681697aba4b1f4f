"""Ocim's own settings: one dataclass, whose fields have names, defaults and meanings."""

from dataclasses import Field, dataclass, field, fields
from ipaddress import IPv4Network
from pathlib import Path
from socket import gethostname
from typing import Any

from ocim.core.mail import MailRelay
from ocim.core.provisioning import Transport
from ocim.core.secrets import Secret
from ocim.core.single_sign_on import RoleRule
from ocim.project.home import HOME

QUEUE = "HUEY_QUEUE_NAME"


def _option(name: str, default: Any, meaning: str, *, shown: str = "") -> Any:
    """Return a field for a setting, with its name, default and meaning.

    `shown` describes a default that is not a value, or differs between installations.
    """
    shown = shown or f"`{_written(default)}`"
    return field(default=default, metadata={"name": name, "meaning": meaning, "shown": shown})


def _written(default: Any) -> str:
    """Return the default as one would write it in the environment."""
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
    """Settings of Ocim; durations are in seconds, unless the name says otherwise."""

    var: Path = _option(
        "OCIM_VAR",
        HOME / "var",
        "Directory for the data of this installation: database, queue, certificates, hosts.",
        shown="`var` in the checkout, or in `~/.local/share/ocim` of an installed package",
    )
    machine: str = _option(
        "OCIM_MACHINE",
        gethostname(),
        "Name of this machine, which no other machine with the same database has.",
        shown="its host name",
    )
    master_key: str = _option(
        "OCIM_MASTER_KEY",
        "",
        "Key that encrypts secrets in the database: 32 bytes in URL-safe base64. Keep a copy.",
        shown="what `ocim up` wrote to `master.key` in `OCIM_VAR`",
    )
    secret_key: str = _option(
        "SECRET_KEY", "", "Key that signs sessions.", shown="derived from the master key"
    )
    debug: bool = _option(
        "OCIM_DEBUG", False, "Show Django's debug pages. Never use it in production."
    )
    allowed_hosts: tuple[str, ...] = _option(
        "OCIM_ALLOWED_HOSTS",
        ("127.0.0.1", "localhost"),
        "Host names of the manager's pages, separated by commas.",
    )
    trusted_origins: tuple[str, ...] = _option(
        "OCIM_TRUSTED_ORIGINS",
        (),
        "Origins of forms behind a proxy (`https://ocim.example.com`), separated by commas.",
        shown="none",
    )
    secure_cookies: bool = _option(
        "OCIM_SECURE_COOKIES",
        False,
        "Send cookies over https only. Set it to `true` in production.",
    )
    database_url: str = _option(
        "DATABASE_URL",
        "",
        "URL of the manager's own database: `kind://user:password@host:port/name`.",
        shown="`ocim.sqlite3` in `OCIM_VAR`",
    )
    queue_url: str = _option(
        "OCIM_QUEUE_URL",
        "",
        "URL of the queue on Redis: `redis://host:port/number`.",
        shown="`queue.sqlite3` in `OCIM_VAR`",
    )
    queue_name: str = _option(
        QUEUE, "opencraft", "Name of the queue for jobs, and of the one that `ocim worker` serves."
    )
    low_priority_queue: str = _option(
        "OCIM_LOW_PRIORITY_QUEUE", "opencraft_low_priority", "Name of the queue for rollouts."
    )
    workers: int = _option(
        "OCIM_WORKERS", 2, "Number of threads of a worker: jobs that it runs at once."
    )
    web_address: str = _option(
        "OCIM_WEB_ADDRESS", "127.0.0.1:5000", "`host:port` at which the manager's pages are served."
    )
    balancer_bind: tuple[str, ...] = _option(
        "OCIM_BALANCER_BIND",
        ("127.0.0.1",),
        "IP addresses that the balancer listens on, separated by commas.",
    )
    balancer_address: str = _option(
        "OCIM_BALANCER_ADDRESS",
        "127.0.0.1",
        "IP address at which app servers and probes reach the balancer.",
    )
    balancer_url: str = _option(
        "OCIM_BALANCER_URL",
        "",
        "URL at which a balancer on another machine takes its routes: `https://host:port`.",
        shown="none: the balancer is on this machine",
    )
    balancer_control: str = _option(
        "OCIM_BALANCER_CONTROL",
        "127.0.0.1:8444",
        "`host:port` at which `ocim balancer run control` takes routes from other machines.",
    )
    balancer_authority: str = _option(
        "OCIM_BALANCER_AUTHORITY",
        "",
        "PEM file with the authority that signs the certificates of managers and their balancer,"
        " and no others.",
        shown="none",
    )
    balancer_certificate: str = _option(
        "OCIM_BALANCER_CERTIFICATE",
        "",
        "PEM file with this machine's certificate, as a manager or as the balancer.",
        shown="none",
    )
    balancer_key: str = _option(
        "OCIM_BALANCER_KEY",
        "",
        "PEM file with the private key of OCIM_BALANCER_CERTIFICATE.",
        shown="none",
    )
    https_port: int = _option("OCIM_HTTPS_PORT", 8443, "The balancer's port for https.")
    http_port: int = _option(
        "OCIM_HTTP_PORT", 8080, "The balancer's port for http, which redirects to https."
    )
    acme_directory: str = _option(
        "OCIM_ACME_DIRECTORY",
        "",
        "Directory URL of the ACME authority that signs the instances' certificates.",
        shown="none: the balancer's own authority",
    )
    acme_email: str = _option(
        "OCIM_ACME_EMAIL", "", "E-mail address for warnings about certificates.", shown="none"
    )
    acme_roots: str = _option(
        "OCIM_ACME_ROOTS",
        "",
        "PEM file with the authorities that verify the ACME server itself.",
        shown="the system's",
    )
    url_rewrites: tuple[tuple[str, str], ...] = _option(
        "OCIM_URL_REWRITES",
        (),
        "Replacements of prefixes of configuration repository URLs: `from=to,from=to`; `builtin` "
        "stands for the built-in playbooks.",
        shown="none",
    )
    git_keys: tuple[str, ...] = _option(
        "OCIM_GIT_KEYS",
        (),
        "Files with ssh keys for configuration repositories, separated by commas.",
        shown="those of the manager's user",
    )
    git_known_hosts: str = _option(
        "OCIM_GIT_KNOWN_HOSTS",
        "",
        "File with the host keys of the ssh servers of configuration repositories.",
        shown="those of the manager's user",
    )
    require_sandbox: bool = _option(
        "OCIM_REQUIRE_SANDBOX",
        False,
        "Refuse to run Ansible and `local` hosts without a sandbox around them.",
    )
    run_memory: int = _option(
        "OCIM_RUN_MEMORY",
        4096,
        "Memory limit, in MiB, of a run of Ansible or a build of its environment. 0: no limit.",
    )
    run_processes: int = _option(
        "OCIM_RUN_PROCESSES", 1000, "Maximum number of processes of a run or build. 0: no limit."
    )
    run_file_size: int = _option(
        "OCIM_RUN_FILE_SIZE",
        8192,
        "Maximum size, in MiB, of a file of a run or build. 0: no limit.",
    )
    build_timeout: float = _option(
        "OCIM_BUILD_TIMEOUT",
        1800.0,
        "Time limit of each step of the build of a configuration repository's environment.",
    )
    platform: str = _option(
        "OCIM_PLATFORM",
        "rehearsal",
        "Directory that the built-in playbooks install as edx-platform; `rehearsal` is Ocim's own.",
    )
    default_release: str = _option(
        "OCIM_DEFAULT_RELEASE",
        "open-release/juniper.2",
        "Default of `openedx_release` of instances.",
    )
    default_platform_url: str = _option(
        "OCIM_DEFAULT_PLATFORM_URL",
        "https://github.com/open-craft/edx-platform",
        "Default of `edx_platform_repository_url` of instances.",
    )
    default_configuration_url: str = _option(
        "OCIM_DEFAULT_CONFIGURATION_URL",
        "builtin",
        "Default of `configuration_source_repo_url` of instances.",
    )
    default_configuration_version: str = _option(
        "OCIM_DEFAULT_CONFIGURATION_VERSION",
        "",
        "Default of `configuration_version` of instances.",
        shown="the release",
    )
    default_provider: str = _option(
        "OCIM_DEFAULT_PROVIDER", "local", "Default of `provider` of instances."
    )
    nspawn_network: IPv4Network = _option(
        "OCIM_NSPAWN_NETWORK",
        IPv4Network("10.213.0.0/22"),
        "Network of `nspawn` hosts; this machine itself has its first address.",
    )
    ssh_pool: str = _option(
        "OCIM_SSH_POOL",
        "",
        "YAML file with the pool of machines for `ssh` hosts.",
        shown="none: no `ssh` hosts",
    )
    transport: Transport = _option(
        "OCIM_TRANSPORT",
        Transport.PIPELINING,
        "Transfer of Ansible's tasks to hosts: `pipelining`, `plain` (for a sudo that requires a"
        " terminal), or `mitogen` (for supported versions of Ansible; `pipelining` for others).",
    )
    build_images: bool = _option(
        "OCIM_BUILD_IMAGES",
        True,
        "Let a spawn build the image that it could use, if that does not exist yet.",
    )
    verify_services: bool = _option(
        "OCIM_VERIFY_SERVICES",
        True,
        "Let an activation test ecommerce and discovery as their users would, and fail if they do"
        " not work.",
    )
    look_seconds: float = _option(
        "OCIM_LOOK_SECONDS",
        30.0,
        "Interval between checks of active app servers, from 1 to 60; Ocim restarts dead ones.",
    )
    fallback_serves: bool = _option(
        "OCIM_FALLBACK_SERVES",
        True,
        "Let the previously active app server, if of the same release, take over from a dead one"
        " that a restart did not repair.",
    )
    notices: tuple[Secret, ...] = _option(
        "OCIM_NOTICES",
        (),
        "Apprise URLs for notices about rollouts and dead app servers (`mailto://…`, `json://…`), "
        "separated by spaces.",
        shown="none",
    )
    smtp_url: MailRelay | None = _option(
        "OCIM_SMTP_URL",
        None,
        "SMTP relay of all instances, and of links to set a password:"
        " `smtp+starttls://user:password@host:587`, or `smtp://host:25`"
        " without TLS.",
        shown="none: each app server sends its mail itself, and Ocim sends none",
    )
    mail_sender: str = _option(
        "OCIM_MAIL_SENDER",
        "",
        "Sender of Ocim's own mail, such as links to set a password.",
        shown="`ocim@` and the host name of the pages",
    )
    require_second_factor: bool = _option(
        "OCIM_REQUIRE_SECOND_FACTOR",
        False,
        "Lead people who sign in with a password, and have no second factor, to its set-up only.",
    )
    oidc_issuer: str = _option(
        "OCIM_OIDC_ISSUER",
        "",
        "URL of the OpenID Connect provider at which people sign in, as the provider writes it.",
        shown="none: people sign in with passwords only",
    )
    oidc_client: str = _option(
        "OCIM_OIDC_CLIENT", "", "Id of Ocim as a client of that provider.", shown="none"
    )
    oidc_secret: Secret = _option(
        "OCIM_OIDC_SECRET", Secret(""), "Secret of Ocim as a client of that provider.", shown="none"
    )
    oidc_scopes: tuple[str, ...] = _option(
        "OCIM_OIDC_SCOPES",
        ("openid", "profile", "email"),
        "Scopes to ask for, separated by commas; some providers give groups only for `groups`.",
    )
    oidc_claim: str = _option(
        "OCIM_OIDC_CLAIM", "groups", "Claim whose values give people their roles."
    )
    oidc_roles: tuple[RoleRule, ...] = _option(
        "OCIM_OIDC_ROLES",
        (),
        "Roles by value of that claim: `VALUE=ROLE` for the whole fleet, `VALUE=ROLE@ORGANIZATION`"
        " for the instances of an organization, separated by commas.",
        shown="none",
    )
    lease: float = _option(
        "OCIM_LEASE", 15.0, "Time without a sign of life after which a worker counts as dead."
    )
    drain: float = _option(
        "OCIM_DRAIN", 10.0, "Grace period of an app server between deactivation and termination."
    )
    host_timeout: float = _option(
        "OCIM_HOST_TIMEOUT", 300.0, "Time limit of the start of a new host."
    )
    task_timeout: float = _option(
        "OCIM_TASK_TIMEOUT",
        1800.0,
        "Time limit of one Ansible task, which prints nothing meanwhile.",
    )
    provision_timeout: float = _option(
        "OCIM_PROVISION_TIMEOUT", 10800.0, "Time limit of a whole provisioning run."
    )
    sql_timeout: float = _option(
        "OCIM_SQL_TIMEOUT", 600.0, "Time limit of one SQL statement before an upgrade."
    )
    copy_timeout: float = _option(
        "OCIM_COPY_TIMEOUT", 3600.0, "Time limit of one dump or restore of an instance's database."
    )
    job_timeout: float = _option(
        "OCIM_JOB_TIMEOUT",
        43200.0,
        "Time limit of a whole job: a spawn, or the upgrade of an instance.",
    )
    fallback_days: float = _option(
        "OCIM_FALLBACK_DAYS",
        7.0,
        "Days after which Ocim terminates the previously active app server.",
    )
    failed_days: float = _option(
        "OCIM_FAILED_DAYS", 3.0, "Days after which Ocim terminates a failed app server."
    )
    faults: tuple[str, ...] = ()
    """Faults of invalid values: `NAME: what is wrong`."""
    unknown: tuple[str, ...] = ()
    """Names that look like settings, but are unknown."""


def option_fields() -> list[Field[Any]]:
    """Return the fields of `Options` that are settings, in order."""
    return [option for option in fields(Options) if option.metadata]
