"""Every kind of job there is; a new kind is a line here."""

from ocim.operations import activate, spawn, terminate
from ocim.operations.jobs import Kind

KINDS = {
    "spawn": Kind(spawn.run, spawn.give_up),
    "activate": Kind(activate.activate),
    "deactivate": Kind(activate.deactivate),
    "terminate": Kind(terminate.terminate),
    "archive": Kind(terminate.archive),
    "retain": Kind(terminate.retain),
}
