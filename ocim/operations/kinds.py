"""Every kind of job there is; a new kind is a line here."""

from ocim.operations import activate, look, recover, spawn, terminate
from ocim.operations.jobs import Kind
from ocim.operations.rollouts import backup, undo, upgrade
from ocim.operations.rollouts.backup import KIND as RESTORE
from ocim.operations.rollouts.drive import KIND as UPGRADE
from ocim.operations.rollouts.undo import KIND as UNDO
from ocim.operations.shop import setup

KINDS = {
    "spawn": Kind(spawn.run, spawn.give_up),
    "activate": Kind(activate.activate, activate.give_up),
    "deactivate": Kind(activate.deactivate),
    "terminate": Kind(terminate.terminate),
    "archive": Kind(terminate.archive),
    look.KIND: Kind(recover.run, recover.give_up),
    UPGRADE: Kind(upgrade.run, upgrade.give_up),
    UNDO: Kind(undo.run, undo.give_up),
    RESTORE: Kind(backup.run),
    setup.KIND: Kind(setup.run),
    "retain": Kind(terminate.retain),
}
