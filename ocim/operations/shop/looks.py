"""Observation of set-up steps, by the services' shells or by Ocim itself."""

import re
from collections.abc import Callable, Mapping, Sequence

from ocim.catalog.discovery_job import REFRESH
from ocim.catalog.discovery_search import aliases, is_used
from ocim.catalog.steps import cron
from ocim.catalog.steps.discovery import JOB
from ocim.catalog.steps.step import Observation, Step, StepInputs
from ocim.core.errors import OcimError
from ocim.core.provisioning import TUTOR
from ocim.core.texts import listed
from ocim.operations.context import Context
from ocim.operations.shop import remote
from ocim.store.models import OpenEdXAppServer, ServiceStep
from ocim.store.specs import search_host

# Every crontab that may have the job: configuration repositories choose different users.
_CRONTABS = (
    "crontab -l; crontab -u discovery -l; cat /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/*"
)
_SECONDS = 60.0
_DATED = re.compile(r"_\d{8}_\d{6}$")
"""Suffix that `update_index` adds to an alias to name the index that it builds for it."""


@remote.shared_shells()
def look(
    steps: Sequence[Step], inputs: StepInputs, appserver: OpenEdXAppServer, context: Context
) -> list[Observation | OcimError]:
    """Return each step's present fields (`fields`; None: nothing is there) and its actions' inputs.

    Return an OcimError for a step that cannot be observed.
    """
    by_shell = [step for step in steps if step.observed_by]
    calls = [
        remote.Call(step.observed_by, step.observer, step.observer_arguments(inputs))
        for step in by_shell
        if step.observed_by
    ]
    if calls:  # the shells come up while Ocim looks itself
        remote.start(appserver, {call.service for call in calls}, context)
    own = [
        None if step.observed_by else _look_ourselves(step, inputs, appserver, context)
        for step in steps
    ]
    seen = iter(remote.call_all(appserver, calls, context) if calls else [])
    return [next(seen) if observed is None else observed for observed in own]


def _look_ourselves(
    step: Step, inputs: StepInputs, appserver: OpenEdXAppServer, context: Context
) -> Observation | OcimError:
    try:
        return _OWN[step.observer](inputs, appserver, context)
    except OcimError as error:
        return error


def _job(_inputs: StepInputs, appserver: OpenEdXAppServer, context: Context) -> Observation:
    script = f"{{ {_CRONTABS}; }} 2>/dev/null\n{cron.SCRIPT}"
    ran = remote.run_on_host(appserver, script, context, timeout=_SECONDS)
    nothing = ("#", cron.PREFIX)
    lines = [line for line in ran.output.splitlines() if not line.lstrip().startswith(nothing)]
    jobs = [line for line in lines if REFRESH in line]
    if not jobs:
        return {"fields": None}
    *commands, limit = JOB
    fields = {command: any(command in line for line in jobs) for command in commands}
    fields[limit] = not any("--disable-change-limit" in line for line in jobs)
    last = cron.last_run(cron.read(ran.output))
    if last and last.at_limit:
        return {
            "fields": fields,
            "note": f"its run of {last.started} stopped at update_index's limit",
        }
    return {"fields": fields}


def _indexes(inputs: StepInputs, appserver: OpenEdXAppServer, context: Context) -> Observation:
    """Compare aliases with indexes, whose names begin with the alias and end with a time.

    `update_index` leaves an index without its alias, newer than the one that has it, if the number
    of documents changed by too much. Without a change, releases up to koa stop at an empty index.
    Where Tutor's init makes empty ones, nothing is there until the step has filled them.
    """
    if appserver.provisioner == TUTOR and not _was_done("indexes", appserver):
        return {"fields": None}
    server = appserver.instance.search_server
    search = inputs.instance.search
    if server is None or search is None or not is_used(search, inputs.variables):
        # An operator's own server: Ocim does not observe it.
        return {"fields": {"lost": [], "stopped": []}}
    adapters, host = context.adapters.search[server.kind], search_host(server)
    present = adapters.aliases(host, search.index_prefix)
    if not set(aliases(inputs.instance, inputs.variables)) <= set(present):
        return {"fields": None}
    documents = adapters.indexes(host, search.index_prefix)
    newest: dict[str, str] = {}
    for index in sorted(documents):
        if _DATED.search(index):
            newest[_DATED.sub("", index)] = index
    changes = {
        alias: f"{alias} from {documents.get(index, 0)} to {documents[newest[alias]]} documents"
        for alias, index in sorted(present.items())
        if alias in newest
        and newest[alias] > index
        and documents[newest[alias]] != documents.get(index)
    }
    stopped = {"note": f"update_index stopped at its limit: {listed(changes.values())}"}
    return {
        "fields": {"lost": sorted(set(newest) - set(present)), "stopped": list(changes)},
        **(stopped if changes else {}),
    }


def _was_done(step: str, appserver: OpenEdXAppServer) -> bool:
    done = ServiceStep.objects.filter(step=step, applied__isnull=False)
    return done.filter(instance_id=appserver.instance_id).exists()


_OWN: Mapping[str, Callable[[StepInputs, OpenEdXAppServer, Context], Observation]] = {
    "job": _job,
    "indexes": _indexes,
}
