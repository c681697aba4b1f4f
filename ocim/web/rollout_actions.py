"""Buttons of rollouts: what may be asked for, what is asked back, and the asking."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from ocim.core.actions import Action
from ocim.core.errors import OcimError
from ocim.core.states import RolloutState, UpgradeState
from ocim.core.texts import plural
from ocim.operations.rollouts import control, undo
from ocim.operations.rollouts.report import report
from ocim.store.models import Rollout
from ocim.tasks import enqueue
from ocim.web.actions import tell
from ocim.web.rights import may_change
from ocim.wiring import context

DONE = {
    "pause": "Paused: what is under way goes on to its end.",
    "resume": "It goes on.",
    "abort": f"Aborted. {control.GOES_ON[False]}",
    "retry": "Trying again.",
    "undo": "Asked for: the app servers that were replaced are to serve again.",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that may be done with a rollout as it is."""

    kind: str
    label: str
    consequence: str = ""
    """Where there is one, people are asked first."""
    is_danger: bool = False


def offers(rollout: Rollout, counts: Mapping[str, int]) -> list[Offer]:
    """What may be done with it, of whose instances so many are in each state."""
    waiting = plural(counts.get(UpgradeState.PENDING, 0), "instance")
    again = counts.get(UpgradeState.FAILED, 0) + counts.get(UpgradeState.CANCELLED, 0)
    ended, running, paused = (
        rollout.state == state
        for state in (RolloutState.ENDED, RolloutState.RUNNING, RolloutState.PAUSED)
    )
    possible = [
        running and Offer("pause", "Pause"),
        paused
        and Offer(
            "resume",
            "Resume",
            f"It goes on with {waiting}. Failures so far stop it no more, and a wave that waits for"
            " somebody's approval has yours.",
        ),
        (again and rollout.state != RolloutState.ABORTED)
        and Offer(
            "retry",
            "Retry",
            f"{plural(again, 'instance')} that failed or were cancelled: upgraded anew, with the"
            " settings as they are now. SQL that was run is not run again.",
        ),
        ended
        and counts.get(UpgradeState.SUCCEEDED)
        and Offer(
            "undo",
            "Undo",
            "The app servers that were replaced serve again, with the settings of then. What"
            " migrations did to the databases stays.",
            is_danger=True,
        ),
        (running or paused)
        and Offer(
            "abort",
            "Abort",
            f"{waiting.capitalize()} will not be upgraded; `Retry` begins them again."
            f" {control.GOES_ON[False]}",
            is_danger=True,
        ),
    ]
    return [offer for offer in possible if isinstance(offer, Offer)]


@require_http_methods(["GET", "HEAD", "POST"])
@may_change
def act(request: HttpRequest, rollout_id: str, kind: str) -> HttpResponse:
    """Do what was offered; where it has consequences, ask first."""
    rollout = get_object_or_404(Rollout, pk=rollout_id)
    record = report(rollout.pk, context().now())
    there = {offer.kind: offer for offer in offers(rollout, record.counts)}
    if not (offer := there.get(kind)):
        messages.error(request, f"Not possible: {kind} {rollout}, which is {rollout.state}.")
        return redirect("rollout", rollout.pk)
    cause = request.POST.get("cause", request.GET.get("cause", ""))
    now = kind == "abort" and "now" in request.POST
    if request.method != "POST" or (offer.consequence and "confirmed" not in request.POST):
        possible, impossible = undo.undoable(rollout) if kind == "undo" else ([], [])
        shown = {"rollout": rollout, "offer": offer, "cause": cause}
        lists = {"possible": possible, "impossible": impossible}
        return render(request, "web/confirm_rollout.html", {**shown, **lists})
    try:
        enqueue(_deed(kind, cause, now=now)(rollout, by=request.user.get_username()))
    except OcimError as error:
        tell(request, error)
    else:
        messages.success(request, f"Aborted. {control.GOES_ON[True]}" if now else DONE[kind])
    return redirect("rollout", rollout.pk)


def _deed(kind: str, cause: str, *, now: bool) -> Callable[..., list[Action]]:
    deeds: dict[str, Callable[..., list[Action]]] = {
        "pause": control.pause,
        "resume": control.resume,
        "abort": partial(control.abort, now=now),
        "retry": partial(control.retry, cause=cause),
        "undo": undo.request,
    }
    return deeds[kind]
