"""The payload of each kind of job, and the progress that an attempt leaves for the next one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, get_args

from ocim.core.job_kinds import JobKind


@dataclass(frozen=True, slots=True)
class Progress:
    """State that an interrupted attempt at a job leaves for the next one; most kinds have none."""


@dataclass(frozen=True, slots=True)
class ActivationProgress(Progress):
    """Progress of a job that lets app servers serve."""

    previous: tuple[int, ...] | None = None
    """App servers that served before. None: the activation has not begun."""


@dataclass(frozen=True, slots=True)
class SpawnJob:
    """Bring up new app servers and, with `activate`, let them serve."""

    kind: ClassVar[JobKind] = JobKind.SPAWN
    appservers: tuple[int, ...]
    activate: bool = False


@dataclass(frozen=True, slots=True)
class ActivateJob:
    """Let app servers serve; with `keep`, those that serve now continue to."""

    kind: ClassVar[JobKind] = JobKind.ACTIVATE
    appservers: tuple[int, ...]
    keep: bool = False


@dataclass(frozen=True, slots=True)
class DeactivateJob:
    """Take app servers out of the balancer."""

    kind: ClassVar[JobKind] = JobKind.DEACTIVATE
    appservers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TerminateJob:
    """Destroy app servers and their hosts."""

    kind: ClassVar[JobKind] = JobKind.TERMINATE
    appservers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ArchiveJob:
    """Take the instance off the web and destroy its app servers."""

    kind: ClassVar[JobKind] = JobKind.ARCHIVE


@dataclass(frozen=True, slots=True)
class RetainJob:
    """Destroy the app servers that retention no longer keeps."""

    kind: ClassVar[JobKind] = JobKind.RETAIN


@dataclass(frozen=True, slots=True)
class RecoverJob:
    """Restart a dead app server, or let its fallback serve."""

    kind: ClassVar[JobKind] = JobKind.RECOVER
    appserver: int


@dataclass(frozen=True, slots=True)
class RecoveryProgress(ActivationProgress):
    """Progress of a recovery; `previous` is that of the fallback's activation."""

    started: bool = False
    """True if the restart has begun."""
    fallback: int | None = None
    """App server that serves instead, as the restart failed."""
    restart_error: str = ""
    """Reason why the restart failed."""


@dataclass(frozen=True, slots=True)
class UpgradeJob:
    """Upgrade the instance, as a part of a rollout."""

    kind: ClassVar[JobKind] = JobKind.UPGRADE
    upgrade: int


@dataclass(frozen=True, slots=True)
class UpgradeProgress(ActivationProgress):
    """Progress of an upgrade; `previous` is that of the new app servers' activation."""

    started: bool = False
    """True if the app servers that served before are recorded, so that changes may begin."""
    settings_changed: bool = False
    """True if the new settings are stored."""


@dataclass(frozen=True, slots=True)
class UndoJob:
    """Undo an upgrade: let `appservers`, which it replaced, serve again."""

    kind: ClassVar[JobKind] = JobKind.UNDO
    upgrade: int
    appservers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RestoreJob:
    """Restore the instance's databases from backups."""

    kind: ClassVar[JobKind] = JobKind.RESTORE
    backups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CloneJob:
    """Copy the databases of `source` to the instance, which has no app server yet."""

    kind: ClassVar[JobKind] = JobKind.CLONE
    source: int


@dataclass(frozen=True, slots=True)
class SetUpJob:
    """Run set-up steps on an app server: `steps`, or all; `force` repairs changes by hand."""

    kind: ClassVar[JobKind] = JobKind.SET_UP
    appserver: int
    steps: tuple[str, ...] = ()
    force: bool = False


@dataclass(frozen=True, slots=True)
class VerifyJob:
    """Verify ecommerce and discovery on an app server; with `purchase`, buy a course, too."""

    kind: ClassVar[JobKind] = JobKind.VERIFY
    appserver: int
    purchase: bool = False


@dataclass(frozen=True, slots=True)
class VerificationProgress(Progress):
    """Progress of a verification."""

    verification: int | None = None
    """Id of its record. None: it has not begun."""


@dataclass(frozen=True, slots=True)
class SuperuserJob:
    """Make a user of the LMS a superuser, or take that away; with `email`, create a missing one."""

    kind: ClassVar[JobKind] = JobKind.SUPERUSER
    appserver: int
    name: str
    email: str
    make: bool


@dataclass(frozen=True, slots=True)
class CreateServerJob:
    """Create a shared server on a host of its own; `role` is its kind, such as "search"."""

    kind: ClassVar[JobKind] = JobKind.CREATE_SERVER
    role: str
    server: int


@dataclass(frozen=True, slots=True)
class BuildImageJob:
    """Build the image that the instance's next app server is made from."""

    kind: ClassVar[JobKind] = JobKind.BUILD_IMAGE


@dataclass(frozen=True, slots=True)
class ExamineJob:
    """Examine the installation; repair the findings with these keys, or all of them."""

    kind: ClassVar[JobKind] = JobKind.EXAMINE
    chore: int
    repair: tuple[str, ...] = ()
    repair_all: bool = False


@dataclass(frozen=True, slots=True)
class StartHostsJob:
    """Start hosts of a provider: these, or (`hosts` is empty) all that are needed."""

    kind: ClassVar[JobKind] = JobKind.START_HOSTS
    provider: str
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StopHostsJob:
    """Stop hosts of a provider: these, or (`hosts` is empty) all."""

    kind: ClassVar[JobKind] = JobKind.STOP_HOSTS
    provider: str
    hosts: tuple[str, ...] = ()


Payload = (
    SpawnJob
    | ActivateJob
    | DeactivateJob
    | TerminateJob
    | ArchiveJob
    | RetainJob
    | RecoverJob
    | UpgradeJob
    | UndoJob
    | RestoreJob
    | CloneJob
    | SetUpJob
    | VerifyJob
    | SuperuserJob
    | CreateServerJob
    | BuildImageJob
    | ExamineJob
    | StartHostsJob
    | StopHostsJob
)
PAYLOADS: Mapping[JobKind, type[Payload]] = {cls.kind: cls for cls in get_args(Payload)}
PROGRESS: Mapping[JobKind, type[Progress]] = {
    JobKind.SPAWN: ActivationProgress,
    JobKind.ACTIVATE: ActivationProgress,
    JobKind.RECOVER: RecoveryProgress,
    JobKind.UPGRADE: UpgradeProgress,
    JobKind.UNDO: ActivationProgress,
    JobKind.VERIFY: VerificationProgress,
}
"""The kinds that record progress."""
