"""Observation of set-up steps, by the services' shells or by Ocim itself."""

import re
from collections.abc import Callable, Mapping, Sequence

from ocim.catalog.steps.discovery import aliases_wanted
from ocim.catalog.steps.step import Observation, Step, StepInputs
from ocim.catalog.variables.discovery import REFRESH
from ocim.core.errors import OcimError
from ocim.operations.context import Context
from ocim.operations.shop import remote
from ocim.store.models import OpenEdXAppServer
from ocim.store.specs import search_host

# Every crontab that may have the job: configuration repositories choose different users.
_CRONTABS = (
    "crontab -l; crontab -u discovery -l; cat /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/*"
)
_SECONDS = 60.0
_DATED = re.compile(r"_\d{8}_\d{6}$")
"""Suffix that `update_index` adds to an alias to name the index that it builds for it."""


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
    seen = iter(remote.call_all(appserver, calls, context) if calls else [])
    return [
        next(seen) if step.observed_by else _look_ourselves(step, inputs, appserver, context)
        for step in steps
    ]


def _look_ourselves(
    step: Step, inputs: StepInputs, appserver: OpenEdXAppServer, context: Context
) -> Observation | OcimError:
    try:
        return _OWN[step.observer](inputs, appserver, context)
    except OcimError as error:
        return error


def _job(_inputs: StepInputs, appserver: OpenEdXAppServer, context: Context) -> Observation:
    ran = remote.run_as_root(
        appserver, f"{{ {_CRONTABS}; }} 2>/dev/null", context, timeout=_SECONDS
    )
    lines = [line for line in ran.output.splitlines() if not line.lstrip().startswith("#")]
    jobs = [line for line in lines if REFRESH in line]
    if not jobs:
        return {"fields": None}
    updates = any("update_index" in line for line in jobs)
    return {"fields": {REFRESH: True, "update_index": updates}}


def _indexes(inputs: StepInputs, appserver: OpenEdXAppServer, context: Context) -> Observation:
    server = appserver.instance.search_server
    search = inputs.instance.search
    if server is None or search is None:
        return {"fields": {"lost": []}}  # an operator's own server: Ocim does not observe it
    adapters, host = context.adapters.search[server.kind], search_host(server)
    aliases = set(adapters.aliases(host, search.index_prefix))
    name = aliases_wanted(inputs)
    if not any(alias == name or (name[-1] == "_" and alias.startswith(name)) for alias in aliases):
        return {"fields": None}
    indexes = adapters.indexes(host, search.index_prefix)
    meant = {_DATED.sub("", index) for index in indexes if _DATED.search(index)}
    return {"fields": {"lost": sorted(meant - aliases)}}


_OWN: Mapping[str, Callable[[StepInputs, OpenEdXAppServer, Context], Observation]] = {
    "job": _job,
    "indexes": _indexes,
}
