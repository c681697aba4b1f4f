"""`ocim redeploy`, known to operators' scripts as `manage.py instance_redeploy`."""

import argparse
import json
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.output import write_privately
from ocim.console.progress import warn_without_worker
from ocim.console.rollouts.plan_text import tell_plan
from ocim.console.rollouts.requests import (
    WITHOUT,
    at_most,
    document,
    operator,
    rules_of,
    shares_of,
    statements,
)
from ocim.console.rollouts.watch import watch_to_end
from ocim.core.errors import Conflict, ValidationError, gathered
from ocim.core.texts import plural
from ocim.operations.rollouts.begin import begin
from ocim.operations.rollouts.lookups import check_lookups
from ocim.operations.rollouts.plan import Plan, check_tag, check_update, make_plan
from ocim.operations.rollouts.plan_file import from_json, to_json
from ocim.operations.rollouts.selection import select
from ocim.parsing.arguments import file_path
from ocim.store.selectors import live_workers
from ocim.tasks import enqueue
from ocim.wiring import context, queue_name

PLANNED = (
    "tag",
    "filter",
    "exclude",
    "retry_failed",
    "update",
    "preupgrade_sql_commands",
    "canary",
    "waves",
)
REMAKE = "Make one with --plan-out."
PLAIN = (str, int, float, bool)


class Command(OcimCommand):
    help = "Upgrade or reconfigure many instances: new app servers for all of them, in batches."
    trouble = 2
    without = WITHOUT
    examples = """examples:
  ocim redeploy --tag=juniper2 --filter=@filter.yml --update=@update.yml --show-instances
  HUEY_QUEUE_NAME=opencraft_low_priority ocim redeploy --tag=juniper2 --batch-size=6 \\
     --filter=@filter.yml --exclude=@exclude.yml --update=@update.yml --canary=1
  ocim redeploy --tag=new-theme --filter='{organization: ACME}' --plan-out=plan.json
  ocim redeploy --plan=plan.json --force

exit status: 0 all went well, 2 nothing was begun, 3 some failed or it stands still,
130 interrupted (the rollout goes on: `ocim rollout watch`)
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.set_defaults(run=self.redeploy)
        what = parser.add_argument_group("what is upgraded")
        what.add_argument("--tag", help="marks what succeeded; what failed gets TAG-failed")
        what.add_argument(
            "--filter", default="",
            help="which instances, as YAML or @FILE: fields and lookups with values of the field's"
            " type (texts in quotes, lists for __in, times in UTC); without: all",
        )  # fmt: skip
        what.add_argument(
            "--exclude", default="",
            help="exceptions, likewise: what --filter would select is left out; without: none",
        )  # fmt: skip
        what.add_argument(
            "--retry-failed", action="store_true", help="those tagged TAG-failed, too"
        )
        what.add_argument("--plan", metavar="FILE", help="just what this plan says")
        how = parser.add_argument_group("how")
        how.add_argument("--update", default="", help="YAML or @FILE: fields to set before")
        how.add_argument(
            "--preupgrade-sql-commands", default="", metavar="SQL",
            help="YAML list or @FILE: run one after another on the instance's database before",
        )  # fmt: skip
        how.add_argument("--strict-sql", action="store_true", help="failing SQL fails the instance")
        how.add_argument("--backup", action="store_true",
                         help="dump the databases first: `ocim rollout restore`")  # fmt: skip
        how.add_argument("--no-activate", action="store_true", help="old app servers go on serving")
        how.add_argument("--batch-size", type=int, default=2, help="at once; default: 2")
        how.add_argument(
            "--batch-frequency", type=float, default=600.0, metavar="SECONDS",
            help="between two status blocks; a free slot is refilled at once; default: 600",
        )  # fmt: skip
        how.add_argument("--num-attempts", type=int, default=1, help="per instance; default: 1")
        how.add_argument("--stagger", type=float, default=0.0, metavar="SECONDS",
                         help="between two starts")  # fmt: skip
        how.add_argument(
            "--canary", type=int, default=0, metavar="N", help="so many go first: as --waves=N"
        )
        how.add_argument(
            "--waves", default="", metavar="3,10%,tag:early",
            help="who goes first, who then, …; what is in none comes last",
        )  # fmt: skip
        how.add_argument("--approve-waves", action="store_true",
                         help="the rest waits for `ocim rollout resume`")  # fmt: skip
        how.add_argument("--max-failures", metavar="N|P%", help="stop when more have failed")
        how.add_argument(
            "--max-same-cause", type=int, default=3, metavar="N",
            help="stop when so many failed for one reason; 0: never; default: 3",
        )  # fmt: skip
        how.add_argument("--window", metavar="22:00-05:00", help="by each instance's own clock")
        ask = parser.add_argument_group("before it begins")
        ask.add_argument("--show-instances", action="store_true", help="show them, and do nothing")
        ask.add_argument("--plan-out", metavar="FILE", help="write the plan, and do nothing else")
        ask.add_argument("--force", action="store_true", help="do not ask")
        ask.add_argument("--no-wait", action="store_true", help="return once it has begun")

    def handle(self, *_: Any, **given: Any) -> None:
        self.redeploy(argparse.Namespace(**given))

    def redeploy(self, given: argparse.Namespace) -> None:
        _, rules, plan = gathered(
            self.refuse_slips, lambda: rules_of(given), lambda: self._plan(given)
        )
        tell_plan(plan, self.out)
        if given.show_instances:
            return
        if given.plan_out:
            text = json.dumps(to_json(plan), indent=2)
            write_privately(file_path(given.plan_out), text, option="--plan-out")
            self.out.say(
                f"Written to {given.plan_out}. Go on with: ocim redeploy --plan={given.plan_out}"
            )
            return
        if not plan.items:
            self.out.say("No instance is to be upgraded.")
            return
        self._tell_settings(given)
        if not given.force and not self._goes_on():
            raise Conflict("Cancelled: nothing was done.")
        rollout, actions = begin(
            plan,
            rules=at_most(rules, given.max_failures, len(plan.items)),
            arguments=_arguments(given),
            queue=queue_name(),
            context=context(),
            activate=not given.no_activate,
            strict_sql=given.strict_sql,
            backup=given.backup,
            started_by=operator(),
        )
        warn_without_worker(queue_name(), self.out)
        self.out.say(f"Begun as rollout {rollout.pk}: ocim rollout show {rollout.pk}")
        enqueue(actions)
        if not given.no_wait:
            watch_to_end(rollout, self.out, frequency=given.batch_frequency)

    def _plan(self, given: argparse.Namespace) -> Plan:
        if given.plan:
            return _kept(given)
        update, including, excluding, sql, shares, _ = gathered(
            lambda: document("--update", given.update, check_update),
            lambda: document("--filter", given.filter, partial(check_lookups, "--filter")),
            lambda: document("--exclude", given.exclude, partial(check_lookups, "--exclude")),
            lambda: statements("--preupgrade-sql-commands", given.preupgrade_sql_commands),
            lambda: shares_of(given),
            lambda: _check_tag(given.tag),
        )
        selection = select(
            tag=given.tag,
            including=including,
            excluding=excluding,
            now=context().now(),
            retry_failed=given.retry_failed,
        )
        return make_plan(
            tag=given.tag,
            selection=selection,
            update=update,
            sql=sql,
            shares=shares,
            context=context(),
        )

    def _tell_settings(self, given: argparse.Namespace) -> None:
        self.out.say(f"Batch size: {given.batch_size}")
        self.out.say(f"Batch frequency: {timedelta(seconds=given.batch_frequency)}")
        self.out.say(f"Number of attempts: {given.num_attempts}")
        threads = sum(one.threads for one in live_workers(context().now(), queue_name()))
        if 0 < threads < given.batch_size:
            self.out.say(
                f"The workers of queue {queue_name()} run {plural(threads, 'job')} at once:"
                " the rest of a batch waits.",
                style="yellow",
            )

    def _goes_on(self) -> bool:
        answer = self.ask("Do you want to continue? [yes/No] ", option="--force")
        return answer.strip().lower().startswith("y")


def _check_tag(tag: str | None) -> None:
    if tag is None:
        raise ValidationError(["--tag is missing: it names the rollout."])
    if tag.strip():  # an empty one is told with the other options that are empty
        check_tag(tag)


def _kept(given: argparse.Namespace) -> Plan:
    if also := [f"--{name.replace('_', '-')}" for name in PLANNED if getattr(given, name)]:
        raise ValidationError([f"--plan says already what {', '.join(also)} would."])
    try:
        kept = json.loads(file_path(given.plan).read_text())
    except OSError as error:
        raise ValidationError([f"--plan: {given.plan} cannot be read: {error.strerror}."]) from None
    except (ValueError, RecursionError) as error:
        raise ValidationError(
            [f"--plan: {given.plan} is no plan: {error}."], remedy=REMAKE
        ) from None
    return from_json(kept)


def _arguments(given: argparse.Namespace) -> dict[str, Any]:
    """The command line as it is kept, with the filters themselves in place of their files."""
    told = {
        **{name: value for name, value in vars(given).items() if isinstance(value, PLAIN)},
        "filter": dict(document("--filter", given.filter)),
        "exclude": dict(document("--exclude", given.exclude)),
    }
    return {name: value for name, value in told.items() if value}
