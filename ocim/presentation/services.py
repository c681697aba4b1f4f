"""Facts of an instance's services, and their set-up commands, for commands and API."""

from collections.abc import Iterator, Sequence
from typing import Any

from ocim.catalog.steps import runbook
from ocim.operations.shop import set_up, steps
from ocim.presentation.texts import StyledLine
from ocim.store.models import OpenEdXInstance, Verification
from ocim.wiring import context


def command_lines(
    instance: OpenEdXInstance,
    names: Sequence[str],
    *,
    only_pending: bool,
    force: bool = False,
    reveal: bool = False,
) -> Iterator[StyledLine]:
    """Yield the commands of the set-up steps of these names, or of all.

    With `only_pending`, yield what a set-up would run now, else all, as if none had run yet.
    """
    appserver = set_up.served_by(instance)
    chosen = steps.chosen(appserver, list(names), context())
    if only_pending:
        examined = steps.examine(appserver, chosen, context(), force=force)
    else:
        examined = steps.as_if_nothing_were_there(appserver, chosen, context())
    inputs = steps.step_inputs(appserver, context())
    for result in examined:
        step = result.step
        if result.problem:
            yield f"{step.name}: {result.problem}", "red"
        actions = steps.pending_actions(result, inputs)
        if actions:
            yield f"# {step.name}: {step.about}", ""
        for action in actions:
            for line in runbook.lines(
                action, inputs.traits, reveal=reveal, provisioner=appserver.provisioner
            ):
                yield line, ""
    if only_pending and not any(steps.pending_actions(result, inputs) for result in examined):
        yield "No set-up step is pending.", ""


def verification_facts(verification: Verification) -> dict[str, Any]:
    """Return a verification's facts."""
    ended = verification.ended_at
    return {
        "id": verification.pk,
        "appserver": verification.appserver_id,
        "started": verification.started_at.isoformat(timespec="seconds"),
        "ended": ended and ended.isoformat(timespec="seconds"),
        "purchase": verification.purchase,
        "ok": verification.ok,
        "lines": verification.lines,
    }
