"""`ocim rollout`: look at rollouts, and give them commands, from any terminal."""

import argparse
from collections.abc import Iterable
from dataclasses import asdict
from io import StringIO

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.output import Output, write_privately
from ocim.console.progress import follow, warn_without_worker
from ocim.console.rollouts.requests import operator
from ocim.console.rollouts.watch import show_sql_failures, show_status, watch_to_end
from ocim.console.shared_options import add_instance, add_json, add_yes
from ocim.core.errors import Conflict
from ocim.core.states import RolloutState, UpgradeState
from ocim.core.texts import listed, plural
from ocim.operations.jobs import wake_up
from ocim.operations.rollouts import backup, control, notices, undo
from ocim.operations.rollouts.dry_run import dropped
from ocim.operations.rollouts.record import Report
from ocim.operations.rollouts.report import dump, report
from ocim.parsing.arguments import file_path
from ocim.presentation.page import as_html
from ocim.presentation.report_text import backup_lines, cause_lines, report_lines
from ocim.presentation.rollouts import COLUMNS, row
from ocim.presentation.table import as_csv
from ocim.presentation.texts import StyledLine
from ocim.store.models import Rollout
from ocim.store.selectors import find_instance, rollouts
from ocim.tasks import enqueue
from ocim.wiring import context, current_time, queue_name


class Command(OcimCommand):
    help = "Show rollouts; pause, resume, abort, retry and undo them."
    examples = """examples:
  ocim rollout list
  ocim rollout show 3
  ocim rollout watch 3
  ocim rollout report 3 --html --out report.html
  ocim rollout pause 3
  ocim rollout resume 3
  ocim rollout abort 3 --now
  ocim rollout retry 3 --cause "install: no such tag"
  ocim rollout undo 3
  ocim rollout restore campus.example.com
  ocim rollout test-notice
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add = self.subcommands(parser)
        add("list", self.list, "List all rollouts, newest first.", json=True)
        show = add(
            "show",
            self.show,
            "Show a rollout, its instances and the causes of failures.",
            json=True,
        )
        record = add("report", self.report, "Print the complete record of a rollout.")
        _add_forms(record)
        watch = add("watch", self.watch, "Show what a rollout does, until it ends or pauses.")
        pause = add("pause", self.pause, "Start no more upgrades for now; those under way go on.")
        resume = add("resume", self.resume, "Go on with a paused rollout; approve a waiting wave.")
        abort = add("abort", self.abort, "Start no more upgrades, for good.")
        abort.add_argument(
            "--now",
            action="store_true",
            help="End every upgrade that is under way, too; the old app servers serve on.",
        )
        retry = add("retry", self.retry, "Upgrade the failed and cancelled instances again.")
        retry.add_argument(
            "--cause",
            default="",
            help="Upgrade only instances that failed for this cause (default: all).",
        )
        undone = add("undo", self.undo, "Let the replaced app servers serve again.")
        add_yes(undone)
        restore = add("restore", self.restore, "Restore an instance's databases from a backup.")
        add_instance(restore)
        restore.add_argument(
            "--rollout",
            type=int,
            metavar="ID",
            help="Id of the rollout that made the backup (default: the newest that did).",
        )
        add_yes(restore)
        add(
            "test-notice",
            self.send_test_notice,
            "Send a test notice to every address in OCIM_NOTICES.",
        )
        for command in (show, record, watch, pause, resume, abort, retry, undone):
            command.add_argument("rollout", type=int, metavar="ID", help="Id of the rollout.")

    def list(self, _options: argparse.Namespace) -> None:
        self.out.rows(COLUMNS, [tuple(row(rollout).values()) for rollout in rollouts()])

    def show(self, options: argparse.Namespace) -> None:
        rollout = _find(options.rollout)
        record = report(rollout.pk, current_time())
        if self.out.as_json:
            self.out.data(asdict(record))
            return
        self.out.say(f"{rollout} is {rollout.state}. {rollout.reason}".strip(), style="bold")
        show_status((line.state for line in record.instances), self.out)
        show_sql_failures(record.sql_failures, rollout.pk, self.out)
        for line in record.instances:
            step = f" at {line.step}" if line.state == UpgradeState.RUNNING else ""
            held = f", held: {line.held}" if line.held else ""
            self.out.say(f"  {line.state}{step}{held}: {line.label}")
            for run in line.sql:
                if run.error:
                    self.out.say(f"      SQL: {run.statement}: {run.error}", style="yellow")
        _say_all(cause_lines(record), self.out)

    def report(self, options: argparse.Namespace) -> None:
        record = report(_find(options.rollout).pk, current_time())
        text = _text(record, options)
        if options.out_file:
            write_privately(file_path(options.out_file), text, option="--out")
        else:
            self.out.document(text)

    def watch(self, options: argparse.Namespace) -> None:
        rollout = _find(options.rollout)
        if rollout.state != RolloutState.ENDED:
            warn_without_worker(rollout.queue, self.out)
        watch_to_end(rollout, self.out)

    def pause(self, options: argparse.Namespace) -> None:
        enqueue(control.pause(_find(options.rollout), by=operator()))
        self.out.say(f"Paused. Go on with: ocim rollout resume {options.rollout}")

    def resume(self, options: argparse.Namespace) -> None:
        enqueue(control.resume(_find(options.rollout), by=operator()))
        self._warn(options.rollout)
        self.out.say(f"Resumed. Watch it with: ocim rollout watch {options.rollout}")

    def abort(self, options: argparse.Namespace) -> None:
        enqueue(control.abort(_find(options.rollout), by=operator(), now=options.now))
        self.out.say(f"Aborted. {control.GOES_ON[options.now]}")

    def retry(self, options: argparse.Namespace) -> None:
        enqueue(control.retry(_find(options.rollout), cause=options.cause, by=operator()))
        self._warn(options.rollout)
        self.out.say(f"Trying again. Watch it with: ocim rollout watch {options.rollout}")

    def undo(self, options: argparse.Namespace) -> None:
        rollout = _find(options.rollout)
        possible, impossible = undo.undoable(rollout)
        for upgrade in possible:
            self.out.say(f"  {upgrade}")
            if gone := dropped(upgrade):
                self.out.say(
                    f"      Migrations dropped what the old release uses: {listed(gone)}."
                    f" Restore its databases, too: ocim rollout restore {upgrade.instance_id}",
                    style="yellow",
                )
        for upgrade, reason in impossible:
            self.out.say(f"Cannot undo {upgrade}: {reason}.", style="yellow")
        self.out.say("What migrations did to the databases stays.")
        self.confirm(f"Undo {plural(len(possible), 'upgrade')}?", options.yes)
        enqueue(undo.request(rollout, by=operator()))
        self._warn(options.rollout)
        self.out.say(f"Undo requested. See the result with: ocim rollout show {rollout.pk}")

    def restore(self, options: argparse.Namespace) -> None:
        instance = find_instance(options.instance)
        backups = backup.of_instance(instance, options.rollout)
        _say_all(backup_lines(map(dump, backups)), self.out)
        self.out.say("Everything written to these databases since then is lost.", style="yellow")
        self.confirm(f"Restore {plural(len(backups), 'database')} of {instance}?", options.yes)
        job = backup.request(instance, rollout_id=options.rollout, queue=queue_name())
        enqueue([wake_up(job)])
        follow(job, self.out)
        self.out.say("Restored.")

    def send_test_notice(self, _options: argparse.Namespace) -> None:
        results = notices.test(context=context())
        for target, problem in results.items():
            self.out.say(problem or f"Sent: {target}", style="red" if problem else "green")
        if not results:
            self.out.say("No notice was sent: OCIM_NOTICES is not set.")
        if any(results.values()):
            raise SystemExit(1)

    def _warn(self, rollout: int) -> None:
        warn_without_worker(_find(rollout).queue, self.out)


def _add_forms(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument(
        "--csv", action="store_true", dest="as_csv", help="Print CSV, a row per instance."
    )
    form.add_argument(
        "--html", action="store_true", dest="as_html", help="Print an HTML page with a chart."
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        dest="out_file",
        help="Write the record to this file instead of printing it.",
    )


def _text(record: Report, options: argparse.Namespace) -> str:
    if options.as_html:
        return as_html(record)
    if options.as_csv:
        return as_csv(record)
    stream = StringIO()
    if options.json:
        Output(stream).data(asdict(record))
    else:
        _say_all(report_lines(record), Output(stream))
    return stream.getvalue()


def _say_all(lines: Iterable[StyledLine], out: Output) -> None:
    for text, style in lines:
        out.say(text, style=style)


def _find(pk: int) -> Rollout:
    if rollout := Rollout.objects.filter(pk=pk).first():
        return rollout
    raise Conflict(f"No rollout {pk}.", remedy="`ocim rollout list` lists all rollouts.")
