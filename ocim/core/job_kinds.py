"""The kinds of jobs, and words for what each does."""

from collections.abc import Mapping
from enum import StrEnum


class JobKind(StrEnum):
    """The kinds of work on an instance, on a shared server, or on the installation."""

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
    CLONE = "clone"
    SET_UP = "setup"
    VERIFY = "verify"
    SUPERUSER = "superuser"
    CREATE_SERVER = "create_server"
    BUILD_IMAGE = "build_image"
    EXAMINE = "examine"
    START_HOSTS = "start_hosts"
    STOP_HOSTS = "stop_hosts"


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
    JobKind.CLONE: "Copying the databases",
    JobKind.SET_UP: "Setting up",
    JobKind.VERIFY: "Verifying",
    JobKind.SUPERUSER: "Changing a superuser of the LMS",
    JobKind.CREATE_SERVER: "Creating the server",
    JobKind.BUILD_IMAGE: "Building the image",
    JobKind.EXAMINE: "Examining the installation",
    JobKind.START_HOSTS: "Starting hosts",
    JobKind.STOP_HOSTS: "Stopping hosts",
}
"""Words for what a job of each kind does; where it works on app servers, these follow."""


def in_words(kind: str, appservers: tuple[int, ...] = (), *, activate: bool = False) -> str:
    """Return what a job does: "Spawning app servers 3, 4, to be activated"."""
    text = WORDS.get(kind, kind)
    if appservers:
        text += f" app server{'s' if len(appservers) > 1 else ''} {', '.join(map(str, appservers))}"
    return f"{text}, to be activated" if activate else text
