"""`ocim rollout`: mass upgrades, from any terminal."""

import argparse
import shlex

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.progress import warn_without_worker
from ocim.console.redeploying import by_cause
from ocim.console.watch import status, watch_to_end
from ocim.core.errors import NotPossible
from ocim.core.states import UpgradeState
from ocim.operations.redeploy import control, undo
from ocim.store.models import Rollout
from ocim.tasks import perform


class Command(OcimCommand):
    help = "Look at mass upgrades; pause, resume, abort, retry and undo them."
    examples = """examples:
  ocim rollout list
  ocim rollout watch 3
  ocim rollout pause 3
  ocim rollout retry 3
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add = self.subcommands(parser)
        add("list", self.list, "all of them, the newest first", json=True)
        show = add(
            "show", self.show, "one, with every instance and the causes of failures", json=True
        )
        look = add("watch", self.watch, "what happens, until it is over or stands still")
        pause = add("pause", self.pause, "start no more for now; what is under way goes on")
        resume = add("resume", self.resume, "go on; it also approves a wave that waits")
        abort = add("abort", self.abort, "start no more, for good")
        retry = add("retry", self.retry, "try the failed and the cancelled again")
        retry.add_argument("--cause", default="", help="only those that failed for this one")
        undone = add("undo", self.undo, "let the app servers that were replaced serve again")
        undone.add_argument("--yes", action="store_true", help="do not ask")
        for command in (show, look, pause, resume, abort, retry, undone):
            command.add_argument("rollout", type=int, metavar="ID")

    def list(self, given: argparse.Namespace) -> None:
        self.out.rows(
            ("id", "tag", "state", "instances", "successful", "failed", "begun"),
            [
                (one.pk, one.tag, one.state, len(states), states.count("successful"),
                 states.count("failed"), one.created.isoformat(timespec="seconds"))
                for one in Rollout.objects.order_by("-id").prefetch_related("upgrades")
                for states in [[upgrade.state for upgrade in one.upgrades.all()]]
            ],
        )  # fmt: skip

    def show(self, given: argparse.Namespace) -> None:
        rollout = _find(given.rollout)
        upgrades = list(rollout.upgrades.order_by("wave", "id").prefetch_related("sql_runs"))
        if self.out.as_json:
            fields = ("label", "state", "step", "attempts", "failure", "cause", "before", "after",
                      "appservers", "started_at", "ended_at")  # fmt: skip
            of_sql = ("statement", "state", "rows", "error", "seconds")
            self.out.data({
                "id": rollout.pk,
                "tag": rollout.tag,
                "state": rollout.state,
                "reason": rollout.reason,
                "instances": [
                    {
                        "id": one.instance_id,
                        **{name: getattr(one, name) for name in fields},
                        "sql": [
                            {name: getattr(run, name) for name in of_sql}
                            for run in one.sql_runs.all()
                        ],
                    }
                    for one in upgrades
                ],
            })  # fmt: skip
            return
        self.out.say(f"{rollout} is {rollout.state}. {rollout.reason}".strip(), style="bold")
        status(upgrades, self.out)
        for one in upgrades:
            at = f" at {one.step}" if one.state == UpgradeState.RUNNING else ""
            self.out.say(f"  {one.state}{at}: {one.label}")
            for run in one.sql_runs.all():
                if run.error:
                    self.out.say(f"      SQL: {run.statement}: {run.error}", style="yellow")
        failures = [(one.label, one.cause) for one in upgrades if one.state == UpgradeState.FAILED]
        groups = by_cause(failures)
        if groups:
            self.out.say(f"{len(failures)} failures, {len(groups)} causes", style="bold")
        for cause, labels in groups:
            self.out.say(f"  {len(labels)} of {len(failures)}: {cause}", style="red")
            self.out.say(f"      ocim rollout retry {rollout.pk} --cause {shlex.quote(cause)}")

    def watch(self, given: argparse.Namespace) -> None:
        watch_to_end(_find(given.rollout), self.out)

    def pause(self, given: argparse.Namespace) -> None:
        control.pause(_find(given.rollout))
        self.out.say(f"Paused. Go on with: ocim rollout resume {given.rollout}")

    def resume(self, given: argparse.Namespace) -> None:
        perform(control.resume(_find(given.rollout)))
        self._warn(given.rollout)
        self.out.say(f"It goes on. Watch it with: ocim rollout watch {given.rollout}")

    def abort(self, given: argparse.Namespace) -> None:
        perform(control.abort(_find(given.rollout)))
        self.out.say("Aborted. What is under way goes on to its end.")

    def retry(self, given: argparse.Namespace) -> None:
        perform(control.retry(_find(given.rollout), cause=given.cause))
        self._warn(given.rollout)
        self.out.say(f"Trying again. Watch it with: ocim rollout watch {given.rollout}")

    def undo(self, given: argparse.Namespace) -> None:
        rollout = _find(given.rollout)
        possible, impossible = undo.undoable(rollout)
        for upgrade in possible:
            self.out.say(f"  {upgrade}")
        for upgrade, reason in impossible:
            self.out.say(f"Cannot be undone: {upgrade}: {reason}.", style="yellow")
        self.out.say("What migrations did to the databases stays.")
        self.confirm(f"Undo {len(possible)} upgrades?", given.yes)
        perform(undo.request(rollout))
        self._warn(given.rollout)
        self.out.say(f"Look at it with: ocim rollout show {rollout.pk}")

    def _warn(self, rollout: int) -> None:
        warn_without_worker(_find(rollout).queue, self.out)


def _find(pk: int) -> Rollout:
    if found := Rollout.objects.filter(pk=pk).first():
        return found
    raise NotPossible(
        f"There is no rollout {pk}.", remedy="`ocim rollout list` shows what there is."
    )
