"""Checks of the shared servers that an instance uses: without them, many other checks fail."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ocim.core.errors import PermanentError, TransientError
from ocim.core.verification import Line, Outcome
from ocim.operations import broker_servers
from ocim.operations.outages import remedy_of, shared_servers_of
from ocim.operations.shop.verify.lines import failed, ok, skipped
from ocim.operations.shop.verify.scene import Scene

AT_ONCE = "; meanwhile the shop fulfils orders itself"


def servers(scene: Scene) -> Iterator[Line]:
    """Try the database server, the broker and the search server that the instance has.

    A broker that is away fails nothing: whoever rolls back to an older app server while it is away
    must be able to.
    """
    for recipe, server in shared_servers_of(scene.appserver.instance):
        name = f"{recipe.what}: {server}"
        try:
            yield ok(name, recipe.examine(server, scene.context))
        except (TransientError, PermanentError) as fault:
            remedy = f"{fault.remedy} {remedy_of(recipe, server)}".strip()
            if recipe.what == broker_servers.WHAT:
                yield skipped(name, f"{fault.problem.rstrip('.')}{AT_ONCE}", remedy)
            else:
                yield failed(name, fault.problem, remedy)


def died_meanwhile(scene: Scene, before: Sequence[Line]) -> Iterator[Line]:
    """Yield a line for each server that answered at first, and does not any more.

    What fails without its server says so in many ways, of which few name the server.
    """
    well = {line.name for line in before if line.outcome is Outcome.OK}
    for line in servers(scene):
        if line.name in well and line.outcome is not Outcome.OK:
            yield replace(line, name=f"{line.name}, in the end")
