"""The kinds of jobs: the payload of each, and what an attempt leaves for the next one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar, TypeVar


class JobKind(StrEnum):
    """The kinds of work on an instance, or on a shared server."""

    SPAWN = "spawn"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    TERMINATE = "terminate"
    ARCHIVE = "archive"
    RETAIN = "retain"
    RECOVER = "recover"
    UPGRADE = "upgrade"
    UNDO = "undo"
    RESTORE = "restore"
    SET_UP = "setup"
    VERIFY = "verify"
    CREATE_SERVER = "create_server"


WORDS: Mapping[str, str] = {
    JobKind.SPAWN: "Spawning",
    JobKind.ACTIVATE: "Activating",
    JobKind.DEACTIVATE: "Deactivating",
    JobKind.TERMINATE: "Terminating",
    JobKind.ARCHIVE: "Archiving the instance",
    JobKind.RETAIN: "Removing expired app servers",
    JobKind.RECOVER: "Restarting",
    JobKind.UPGRADE: "Upgrading the instance",
    JobKind.UNDO: "Undoing the upgrade",
    JobKind.RESTORE: "Restoring the databases",
    JobKind.SET_UP: "Setting up",
    JobKind.VERIFY: "Verifying",
    JobKind.CREATE_SERVER: "Creating the server",
}
"""Words for what a job of each kind does; where it works on app servers, these follow."""


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
class UpgradeJob:
    """Upgrade the instance, as a part of a rollout."""

    kind: ClassVar[JobKind] = JobKind.UPGRADE
    upgrade: int


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
class CreateServerJob:
    """Create a shared server on a host of its own; `role` is its kind, such as "search"."""

    kind: ClassVar[JobKind] = JobKind.CREATE_SERVER
    role: str
    server: int


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
    | SetUpJob
    | VerifyJob
    | CreateServerJob
)
PAYLOADS: Mapping[JobKind, type[Payload]] = {
    payload.kind: payload
    for payload in (
        SpawnJob,
        ActivateJob,
        DeactivateJob,
        TerminateJob,
        ArchiveJob,
        RetainJob,
        RecoverJob,
        UpgradeJob,
        UndoJob,
        RestoreJob,
        SetUpJob,
        VerifyJob,
        CreateServerJob,
    )
}


@dataclass(frozen=True, slots=True)
class Progress:
    """State that an interrupted attempt at a job leaves for the next one."""

    started: bool = False
    """An upgrade has begun to change the instance; a recovery has begun a restart."""
    settings_changed: bool = False
    """An upgrade has written the new settings."""
    previous: tuple[int, ...] | None = None
    """The app servers that served before an activation. None: it has not begun."""
    fallback: int | None = None
    """The app server that serves instead of one that could not be restarted."""
    restart_error: str = ""
    """The reason why the restart failed."""
    verification: int | None = None
    """The id of the record of a verification."""


Value = TypeVar("Value", bound=Payload | Progress)


def to_json(stored: Payload | Progress) -> dict[str, Any]:
    """Return a payload or a progress as the database stores it."""
    values = asdict(stored).items()
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values}


def payload_from_json(kind: str, stored: Mapping[str, Any]) -> Payload:
    """Return the payload that `stored` holds.

    Raise ValueError if there is no such kind, if a key is missing, or if a key is unknown.
    """
    return _from_json(PAYLOADS[JobKind(kind)], stored)


def progress_from_json(stored: Mapping[str, Any]) -> Progress:
    """Return the progress that `stored` holds; an empty one stands for a first attempt.

    Raise ValueError if a key is missing or unknown.
    """
    return _from_json(Progress, stored) if stored else Progress()


def _from_json(cls: type[Value], stored: Mapping[str, Any]) -> Value:
    names = {field.name for field in fields(cls)}
    if names != stored.keys():
        raise ValueError(f"{cls.__name__} has the keys {sorted(names)}, not {sorted(stored)}.")
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
    }
    return cls(**values)


def in_words(kind: str, appservers: tuple[int, ...] = (), *, activate: bool = False) -> str:
    """Return what a job does: "Spawning app servers 3, 4, to be activated"."""
    text = WORDS.get(kind, kind)
    if appservers:
        text += f" app server{'s' if len(appservers) > 1 else ''} {', '.join(map(str, appservers))}"
    return f"{text}, to be activated" if activate else text
