"""The installation's own choices that decisions depend on; times in seconds unless named."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Retention:
    """How long app servers are kept that do not serve."""

    fallback_days: float = 7
    """The last one that was active, after it was taken out."""
    failed_days: float = 3
    """Failed ones, for debugging."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is the same for every instance."""

    storage: Path
    """Below it, one directory per instance for uploads: it outlives app servers."""
    backups: Path = Path("/var/backups/ocim")
    """Below it, what rollouts dump before they begin."""
    lease: float = 15
    """A worker that has not renewed for so long is taken for dead."""
    drain: float = 10
    """Between being taken out of the balancer and being terminated."""
    host_timeout: float = 300
    task_timeout: float = 1800
    provision_timeout: float = 3 * 3600
    job_timeout: float = 12 * 3600
    job_attempts: int = 3
    """How often a job is taken up again whose worker died."""
    gate_attempts: int = 7
    """How often a probe is asked that fails: a tenth of a second later, then up to one apart."""
    balancer_address: str = "127.0.0.1"
    """Where app servers reach the balancer."""
    https_port: int = 443
    build_images: bool = True
    """Whether a spawn builds the image that it could use."""
    verify_services: bool = True
    """Whether an activation fails where ecommerce and discovery do not work for their users."""
    fallback_serves: bool = True
    """Whether the app server that was active before takes over from one that is dead."""
    recovery_timeout: float = 120
    """For an app server whose host was started again to answer."""
    retention: Retention = field(default_factory=Retention)
