"""Every kind of job there is; a new kind is a line here."""

from ocim.operations import activate, look, recover, spawn, terminate
from ocim.operations.jobs import Kind
from ocim.operations.rollouts import backup, undo, upgrade
from ocim.operations.rollouts.backup import KIND as RESTORE
from ocim.operations.rollouts.drive import KIND as UPGRADE
from ocim.operations.rollouts.undo import KIND as UNDO
from ocim.operations.shop import setup

KINDS = {
    "spawn": Kind(spawn.run, spawn.on_failure),
    "activate": Kind(activate.activate, activate.on_failure),
    "deactivate": Kind(activate.deactivate),
    "terminate": Kind(terminate.terminate),
    "archive": Kind(terminate.archive),
    look.KIND: Kind(recover.run, recover.on_failure),
    UPGRADE: Kind(upgrade.run, upgrade.on_failure),
    UNDO: Kind(undo.run, undo.on_failure),
    RESTORE: Kind(backup.run),
    setup.KIND: Kind(setup.run),
    "retain": Kind(terminate.retain),
}
