"""The handler of every kind of job; a new kind is a line here."""

from collections.abc import Mapping

from ocim.core.jobs import JobKind
from ocim.operations import activate, recover, spawn, terminate
from ocim.operations.job_runner import Handler
from ocim.operations.rollouts import backup, undo, upgrade
from ocim.operations.shop import set_up, verification

HANDLERS: Mapping[JobKind, Handler] = {
    JobKind.SPAWN: Handler(spawn.run, spawn.on_failure),
    JobKind.ACTIVATE: Handler(activate.run, activate.on_failure),
    JobKind.DEACTIVATE: Handler(activate.deactivate),
    JobKind.TERMINATE: Handler(terminate.terminate),
    JobKind.ARCHIVE: Handler(terminate.archive),
    JobKind.RETAIN: Handler(terminate.retain),
    JobKind.RECOVER: Handler(recover.run, recover.on_failure),
    JobKind.UPGRADE: Handler(upgrade.run, upgrade.on_failure),
    JobKind.UNDO: Handler(undo.run, undo.on_failure),
    JobKind.RESTORE: Handler(backup.run),
    JobKind.SET_UP: Handler(set_up.run),
    JobKind.VERIFY: Handler(verification.run),
}
