"""The handler of every kind of job; a new kind is a line here."""

from collections.abc import Mapping
from functools import partial

from ocim.core.job_kinds import JobKind
from ocim.operations import (
    activate,
    broker_servers,
    chores,
    clones,
    database_servers,
    image_builds,
    recover,
    search_servers,
    shared_servers,
    spawn,
    superusers,
    terminate,
)
from ocim.operations.job_runner import Handler
from ocim.operations.rollouts import backup, undo, upgrade
from ocim.operations.shop import set_up, verification

RECIPES = {
    recipe.role: recipe
    for recipe in (
        *broker_servers.RECIPES.values(),
        database_servers.RECIPE,
        search_servers.RECIPE,
    )
}
"""The kinds of shared servers that Ocim creates; a new kind is an entry here."""
_create_server = partial(shared_servers.run, recipes=RECIPES)

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
    JobKind.CLONE: Handler(clones.run),
    JobKind.SET_UP: Handler(set_up.run),
    JobKind.VERIFY: Handler(verification.run),
    JobKind.SUPERUSER: Handler(superusers.run),
    JobKind.CREATE_SERVER: Handler(_create_server, shared_servers.on_failure),
    JobKind.BUILD_IMAGE: Handler(image_builds.run),
    JobKind.EXAMINE: Handler(chores.run_examination),
    JobKind.START_HOSTS: Handler(chores.start_hosts),
    JobKind.STOP_HOSTS: Handler(chores.stop_hosts),
}
