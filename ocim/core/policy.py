"""The choices of an installation that decisions depend on. Times are seconds, unless named."""

from dataclasses import dataclass, field
from pathlib import Path

from ocim.core.mail import MailRelay


@dataclass(frozen=True, slots=True)
class Retention:
    """Days for which app servers that do not serve are kept."""

    fallback_days: float = 7
    """Days for the last one that was active, from the end of its service."""
    failed_days: float = 3
    """Days for failed ones, so that they can be debugged."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Choices that are the same for every instance."""

    storage: Path
    """Directory with one directory per instance for uploads, which outlive app servers."""
    backups: Path = Path("/var/backups/ocim")
    """Directory of the dumps that rollouts make before they change anything."""
    lease: float = 15
    """Time after which a worker that has not renewed its lease counts as dead."""
    drain: float = 10
    """Time between leaving the balancer and being terminated."""
    host_timeout: float = 300
    task_timeout: float = 1800
    provision_timeout: float = 3 * 3600
    job_timeout: float = 12 * 3600
    job_attempts: int = 3
    """Maximum number of attempts for a job whose workers die."""
    gate_attempts: int = 7
    """Maximum number of attempts of a health check, 0.1 to 1 second apart."""
    balancer_address: str = "127.0.0.1"
    """Address at which app servers reach the balancer."""
    reaches_balancer: bool = True
    """True if the balancer listens where containers on this machine reach it."""
    https_port: int = 443
    build_images: bool = True
    """True if a spawn builds an image that it could use and that is missing."""
    verify_services: bool = True
    """True if an activation fails when ecommerce or discovery does not work for its users."""
    fallback_serves: bool = True
    """True if the app server that was active before takes over from one that is dead."""
    tutor_plugins: tuple[str, ...] | None = None
    """Plugins of Tutor that instances may have; None: all that there are."""
    recovery_timeout: float = 120
    """Time for an app server to answer after its host or its containers were started."""
    mail: MailRelay | None = None
    """SMTP relay of all instances; None: upstream's default, one on each app server."""
    mail_sender: str = ""
    """Sender of Ocim's own mail."""
    sign_in_days: float = 90
    """Days for which attempts to sign in are kept."""
    retention: Retention = field(default_factory=Retention)
