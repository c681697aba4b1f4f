"""`ocim rollout`: rollouts, from any terminal."""

import argparse
from dataclasses import asdict
from io import StringIO

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.output import Output, write_privately
from ocim.console.progress import follow, warn_without_worker
from ocim.console.rollouts.report_text import tell, tell_backups, tell_causes
from ocim.console.rollouts.requests import operator
from ocim.console.rollouts.watch import status, tell_sql_failures, watch_to_end
from ocim.core.errors import Conflict
from ocim.core.states import RolloutState, UpgradeState
from ocim.core.texts import plural
from ocim.operations.jobs import wake_up
from ocim.operations.rollouts import backup, control, notices, undo
from ocim.operations.rollouts.dry_run import dropped
from ocim.operations.rollouts.record import Report
from ocim.operations.rollouts.report import dump, report
from ocim.parsing.arguments import file_path
from ocim.presentation.page import as_html
from ocim.presentation.table import as_csv
from ocim.store.models import Rollout
from ocim.store.selectors import find_instance
from ocim.tasks import enqueue
from ocim.wiring import context, current_time, queue_name


class Command(OcimCommand):
    help = "Look at rollouts; pause, resume, abort, retry and undo them."
    examples = """examples:
  ocim rollout list
  ocim rollout watch 3
  ocim rollout pause 3
  ocim rollout retry 3
  ocim rollout report 3 --html --out report.html
  ocim rollout restore campus.example.com
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add = self.subcommands(parser)
        add("list", self.list, "all of them, the newest first", json=True)
        show = add(
            "show", self.show, "one, with every instance and the causes of failures", json=True
        )
        told = add("report", self.report, "the record: who, when, what, and what became of it")
        form = told.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="for scripts")
        form.add_argument("--csv", action="store_true", dest="as_csv", help="a row per instance")
        form.add_argument(
            "--html", action="store_true", dest="as_html", help="a page with a picture"
        )
        told.add_argument("--out", metavar="FILE", dest="out_file", help="write it into a file")
        look = add("watch", self.watch, "what happens, until it is over or stands still")
        pause = add("pause", self.pause, "start no more for now; what is under way goes on")
        resume = add("resume", self.resume, "go on; it also approves a wave that waits")
        abort = add("abort", self.abort, "start no more, for good; dry runs and SQL end now")
        abort.add_argument(
            "--now",
            action="store_true",
            help="end every upgrade that is under way, too: the old app servers serve on",
        )
        retry = add("retry", self.retry, "try the failed and the cancelled again")
        retry.add_argument("--cause", default="", help="only those that failed for this one")
        add("test-notice", self.test_notice, "send one to everybody who is told of rollouts")
        undone = add("undo", self.undo, "let the app servers that were replaced serve again")
        undone.add_argument("--yes", action="store_true", help="do not ask")
        back = add(
            "restore", self.restore, "put an instance's databases back, as --backup dumped them"
        )
        back.add_argument("instance", help="id or domain")
        back.add_argument(
            "--rollout", type=int, metavar="ID", help="its backup; default: the newest"
        )
        back.add_argument("--yes", action="store_true", help="do not ask")
        for command in (show, told, look, pause, resume, abort, retry, undone):
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
        record = report(rollout.pk, current_time())
        if self.out.as_json:
            self.out.data(asdict(record))
            return
        self.out.say(f"{rollout} is {rollout.state}. {rollout.reason}".strip(), style="bold")
        status((one.state for one in record.instances), self.out)
        tell_sql_failures(record.sql_failures, rollout.pk, self.out)
        for one in record.instances:
            at = f" at {one.step}" if one.state == UpgradeState.RUNNING else ""
            held = f", held: {one.held}" if one.held else ""
            self.out.say(f"  {one.state}{at}{held}: {one.label}")
            for run in one.sql:
                if run.error:
                    self.out.say(f"      SQL: {run.statement}: {run.error}", style="yellow")
        tell_causes(record, self.out)

    def report(self, given: argparse.Namespace) -> None:
        text = self._report(report(_find(given.rollout).pk, current_time()), given)
        if given.out_file:
            write_privately(file_path(given.out_file), text, option="--out")
        else:
            self.out.document(text)

    def _report(self, record: Report, given: argparse.Namespace) -> str:
        if given.as_html:
            return as_html(record)
        if given.as_csv:
            return as_csv(record)
        stream = StringIO()
        if given.json:
            Output(stream).data(asdict(record))
        else:
            tell(record, Output(stream))
        return stream.getvalue()

    def watch(self, given: argparse.Namespace) -> None:
        rollout = _find(given.rollout)
        if rollout.state != RolloutState.ENDED:
            warn_without_worker(rollout.queue, self.out)
        watch_to_end(rollout, self.out)

    def pause(self, given: argparse.Namespace) -> None:
        enqueue(control.pause(_find(given.rollout), by=operator()))
        self.out.say(f"Paused. Go on with: ocim rollout resume {given.rollout}")

    def resume(self, given: argparse.Namespace) -> None:
        enqueue(control.resume(_find(given.rollout), by=operator()))
        self._warn(given.rollout)
        self.out.say(f"It goes on. Watch it with: ocim rollout watch {given.rollout}")

    def abort(self, given: argparse.Namespace) -> None:
        enqueue(control.abort(_find(given.rollout), by=operator(), now=given.now))
        self.out.say(f"Aborted. {control.GOES_ON[given.now]}")

    def retry(self, given: argparse.Namespace) -> None:
        enqueue(control.retry(_find(given.rollout), cause=given.cause, by=operator()))
        self._warn(given.rollout)
        self.out.say(f"Trying again. Watch it with: ocim rollout watch {given.rollout}")

    def undo(self, given: argparse.Namespace) -> None:
        rollout = _find(given.rollout)
        possible, impossible = undo.undoable(rollout)
        for upgrade in possible:
            self.out.say(f"  {upgrade}")
            if gone := dropped(upgrade):
                self.out.say(
                    f"      Migrations took away what the old release uses: {', '.join(gone)}."
                    f" Restore its databases, too: ocim rollout restore {upgrade.instance_id}",
                    style="yellow",
                )
        for upgrade, reason in impossible:
            self.out.say(f"Cannot be undone: {upgrade}: {reason}.", style="yellow")
        self.out.say("What migrations did to the databases stays.")
        self.confirm(f"Undo {plural(len(possible), 'upgrade')}?", given.yes)
        enqueue(undo.request(rollout, by=operator()))
        self._warn(given.rollout)
        self.out.say(f"Look at it with: ocim rollout show {rollout.pk}")

    def restore(self, given: argparse.Namespace) -> None:
        instance = find_instance(given.instance)
        backups = backup.of_instance(instance, given.rollout)
        tell_backups(map(dump, backups), self.out)
        self.out.say("What was written to these databases since is lost.", style="yellow")
        self.confirm(f"Restore {plural(len(backups), 'database')} of {instance}?", given.yes)
        job = backup.request(instance, rollout_id=given.rollout, queue=queue_name())
        enqueue([wake_up(job)])
        follow(job, self.out)
        self.out.say("Restored.")

    def test_notice(self, given: argparse.Namespace) -> None:
        failed = notices.test(context=context())
        for target, problem in failed.items():
            self.out.say(problem or f"Sent: {target}", style="red" if problem else "green")
        if not failed:
            self.out.say("Nobody is told: OCIM_NOTICES is not set.")
        if any(failed.values()):
            raise SystemExit(1)

    def _warn(self, rollout: int) -> None:
        warn_without_worker(_find(rollout).queue, self.out)


def _find(pk: int) -> Rollout:
    if found := Rollout.objects.filter(pk=pk).first():
        return found
    raise Conflict(f"There is no rollout {pk}.", remedy="`ocim rollout list` shows what there is.")
