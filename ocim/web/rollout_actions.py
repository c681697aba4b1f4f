"""Buttons of rollouts, the confirmation that they ask for, and what they do."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from ocim.core.access import Right
from ocim.core.errors import OcimError
from ocim.core.rollout_commands import RolloutCommand, number_needed, possible_commands
from ocim.core.states import RolloutState, UpgradeState
from ocim.core.texts import plural
from ocim.operations.access import organizations_of
from ocim.operations.rollouts import commands, control, undo
from ocim.operations.rollouts.report import report
from ocim.store.models import Rollout
from ocim.store.selectors import visible_rollouts
from ocim.tasks import enqueue
from ocim.web.actions import show_error
from ocim.web.rights import access, require
from ocim.web.templatetags.web_text import rollout_state
from ocim.wiring import context

DONE = {
    RolloutCommand.PAUSE: "Paused. Upgrades under way go on to their end.",
    RolloutCommand.RESUME: "Resumed.",
    RolloutCommand.ABORT: f"Aborted. {control.GOES_ON[False]}",
    RolloutCommand.RETRY: "The instances are upgraded again.",
    RolloutCommand.UNDO: "Undo requested: the replaced app servers will serve again.",
}


DANGEROUS = (RolloutCommand.UNDO, RolloutCommand.ABORT)


@dataclass(frozen=True, slots=True)
class Offer:
    """A button: a command that is possible for a rollout as it is."""

    kind: RolloutCommand
    label: str
    consequence: str = ""
    """Consequence that has to be confirmed. Empty: none."""
    is_danger: bool = False


def offers(rollout: Rollout, counts: Mapping[str, int]) -> list[Offer]:
    """Return the buttons of a rollout; `counts` has the number of its upgrades by their state."""
    pending = plural(counts.get(UpgradeState.PENDING, 0), "instance")
    again = plural(number_needed(RolloutCommand.RETRY, counts), "instance")
    cancels = f"Pending upgrades are cancelled ({pending}); “Retry” starts them again."
    aborts = f"{cancels} {control.GOES_ON[False]}"
    if rollout.state == RolloutState.SCHEDULED:
        aborts = f"The rollout does not begin. {cancels}"
    consequences = {
        RolloutCommand.PAUSE: "",
        RolloutCommand.RESUME: f"The rollout goes on with {pending}. Failures so far no longer stop"
        " it, and a wave that waits for approval is approved.",
        RolloutCommand.RETRY: f"Ocim upgrades {again} that failed or were cancelled once more, with"
        " the settings as they are now. SQL that was run is not run again.",
        RolloutCommand.UNDO: "The replaced app servers serve again, with their settings. What"
        " migrations did to the databases stays.",
        RolloutCommand.ABORT: aborts,
    }
    possible = possible_commands(rollout.state, counts)
    return [
        Offer(command, command.capitalize(), consequence, is_danger=command in DANGEROUS)
        for command, consequence in consequences.items()
        if command in possible
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, rollout_id: str, kind: str) -> HttpResponse:
    """Give a rollout a command; where that has consequences, ask for confirmation first."""
    rollout = visible_rollout(request, int(rollout_id))
    require(request, Right.RELEASE, *organizations_of(rollout))
    counts = report(rollout.pk, context().now()).counts
    never_began = rollout.state == RolloutState.SCHEDULED
    offer = next((offer for offer in offers(rollout, counts) if offer.kind == kind), None)
    if offer is None:
        messages.error(request, f"Cannot {kind} {rollout}: it is {rollout_state(rollout.state)}.")
        return redirect("rollout", rollout.pk)
    cause = request.POST.get("cause", request.GET.get("cause", ""))
    now = kind == RolloutCommand.ABORT and "now" in request.POST
    if request.method != "POST" or (offer.consequence and "confirmed" not in request.POST):
        return _ask(request, rollout, offer, cause)
    if kind == RolloutCommand.UNDO and request.POST.get("confirmation", "") != rollout.tag:
        messages.error(request, f"Type the tag {rollout.tag!r} to confirm the undo.")
        return _ask(request, rollout, offer, cause)
    try:
        by = request.user.get_username()
        enqueue(commands.give(offer.kind, rollout, by=by, cause=cause, now=now))
    except OcimError as error:
        show_error(request, error)
    else:
        done = f"Aborted. {control.GOES_ON[True]}" if now else DONE[offer.kind]
        messages.success(request, "Aborted: it does not begin." if never_began else done)
    return redirect("rollout", rollout.pk)


def visible_rollout(request: HttpRequest, rollout_id: int) -> Rollout:
    """Return the rollout. Raise Http404 if there is none, or the user may not see it."""
    rollouts = visible_rollouts(Rollout.objects.all(), access(request))
    return get_object_or_404(rollouts, pk=rollout_id)


def _ask(request: HttpRequest, rollout: Rollout, offer: Offer, cause: str) -> HttpResponse:
    is_undo = offer.kind == RolloutCommand.UNDO
    possible, impossible = undo.undoable(rollout) if is_undo else ([], [])
    values = {
        "rollout": rollout,
        "offer": offer,
        "cause": cause,
        "possible": possible,
        "impossible": impossible,
    }
    return render(request, "web/confirm_rollout.html", values)
