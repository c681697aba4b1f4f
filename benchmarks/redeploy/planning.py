"""`… planning COUNT`: plan, show and begin the upgrade of COUNT instances; print JSON."""

import contextlib
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable

from benchmarks.redeploy.installation import IRONWOOD, JUNIPER, fleet, set_up


def main(count: int) -> dict[str, float]:
    """Return seconds of the processor, and MiB."""
    set_up()
    from django.core.management import call_command

    from ocim.core.rollout_request import RolloutRequest
    from ocim.operations.rollouts.begin import begin
    from ocim.operations.rollouts.drive import drive
    from ocim.operations.rollouts.plan import Plan, make_plan
    from ocim.store.models import OpenEdXInstance
    from ocim.wiring import context
    from tests.world import World

    world = World()
    # The command's own policy: with another one, each instance would have changes of its own.
    world.policy = context().policy
    _in_a_process_of_its_own(lambda: fleet(count, world))  # its memory must not count
    idle = _memory()
    filters = {"edx_platform_commit": IRONWOOD}
    update = {"edx_platform_commit": JUNIPER}

    request = RolloutRequest("new", filter=filters, update=update, batch_size=6, queue="opencraft")

    def plan() -> Plan:
        return make_plan(request, context=world.context())

    words = ["--tag=new", f"--filter={json.dumps(filters)}", f"--update={json.dumps(update)}"]
    with tempfile.TemporaryFile("w+") as output, contextlib.redirect_stdout(output):
        shown = _seconds(lambda: call_command("instance_redeploy", *words, "--show-instances"))
        memory = _memory() - idle  # of the command, before anything else is done
        output.seek(0)
        assert output.read().count("\n  Campus ") == count
    read = _seconds(lambda: list(OpenEdXInstance.objects.select_related("ref_set")))
    planned = _seconds(plan)
    rollout, _ = begin(plan(), context=world.context())
    look = _seconds(lambda: drive(rollout_id=rollout.pk, context=world.context()))
    return {"read": read, "plan": planned, "show": shown, "look": look, "memory": memory}


def _in_a_process_of_its_own(call: Callable[[], object]) -> None:
    from django.db import connections

    connections.close_all()
    if child := os.fork():
        assert os.waitpid(child, 0)[1] == 0
    else:
        call()
        os._exit(0)


def _seconds(call: Callable[[], object]) -> float:
    """Return the processor time of this process, whatever else the machine does."""
    started = time.process_time()
    call()
    return time.process_time() - started


def _memory() -> float:
    """Return the largest memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
