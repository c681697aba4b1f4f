"""`ocim redeploy`, known to operators' scripts as `manage.py instance_redeploy`."""

import argparse
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.output import write_privately
from ocim.console.progress import warn_without_worker
from ocim.console.rollouts.requests import SELECTING, WITHOUT, operator, request_of
from ocim.console.rollouts.watch import watch_to_end
from ocim.core.errors import Conflict, ValidationError, gathered
from ocim.core.rollout_request import MOST, RolloutRequest
from ocim.core.texts import listed, plural
from ocim.operations.rollouts.begin import begin
from ocim.operations.rollouts.plan import Plan, make_plan
from ocim.operations.rollouts.plan_file import from_json, to_json
from ocim.parsing.arguments import file_path
from ocim.presentation.plan_text import plan_lines
from ocim.store.selectors import live_workers
from ocim.tasks import enqueue
from ocim.wiring import context

Group = argparse._ArgumentGroup


class Command(OcimCommand):
    help = "Upgrade or reconfigure many instances: create new app servers for them, in batches."
    trouble = 2
    without = WITHOUT
    examples = """examples:
  ocim redeploy --tag=juniper2 --filter=@filter.yml --update=@update.yml --show-instances
  HUEY_QUEUE_NAME=opencraft_low_priority ocim redeploy --tag=juniper2 --batch-size=6 \\
     --filter=@filter.yml --exclude=@exclude.yml --update=@update.yml --canary=1
  ocim redeploy --tag=new-theme --filter='{organization: ACME}' --plan-out=plan.json
  ocim redeploy --plan=plan.json --force

exit status: 0 all instances succeeded; 2 nothing was started; 3 an instance failed or the
rollout paused; 130 interrupted (the rollout goes on: `ocim rollout watch`)
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.set_defaults(run=self.redeploy)
        _add_selection(parser.add_argument_group("instances"))
        _add_preparation(parser.add_argument_group("changes to each instance"))
        _add_order(parser.add_argument_group("pace and limits"))
        _add_invocation(parser.add_argument_group("start"))

    def handle(self, *_: Any, **arguments: Any) -> None:
        self.redeploy(argparse.Namespace(**arguments))

    def redeploy(self, arguments: argparse.Namespace) -> None:
        _, _, plan = gathered(
            self.refuse_slips,
            lambda: _require_frequency(arguments.batch_frequency),
            lambda: _plan(arguments),
        )
        for text, style in plan_lines(plan):
            self.out.say(text, style=style)
        if arguments.show_instances:
            return
        if arguments.plan_out:
            self._write(plan, arguments.plan_out)
            return
        if not plan.items:
            self.out.say("No instance is to be upgraded.")
            return
        self._tell_settings(plan.request, arguments.batch_frequency)
        if not arguments.force and not self._goes_on():
            raise Conflict("Cancelled: nothing was done.")
        rollout, actions = begin(plan, context=context(), started_by=operator())
        warn_without_worker(plan.request.queue, self.out)
        self.out.say(f"Begun as rollout {rollout.pk}: ocim rollout show {rollout.pk}")
        enqueue(actions)
        if not arguments.no_wait:
            watch_to_end(rollout, self.out, frequency=arguments.batch_frequency)

    def _write(self, plan: Plan, name: str) -> None:
        text = json.dumps(to_json(plan), indent=2)
        write_privately(file_path(name), text, option="--plan-out")
        self.out.say(f"Written to {name}. Go on with: ocim redeploy --plan={name}")

    def _tell_settings(self, request: RolloutRequest, frequency: float) -> None:
        self.out.say(f"Batch size: {request.batch_size}")
        self.out.say(f"Batch frequency: {timedelta(seconds=frequency)}")
        self.out.say(f"Number of attempts: {request.num_attempts}")
        workers = live_workers(context().now(), request.queue)
        threads = sum(worker.threads for worker in workers)
        if 0 < threads < request.batch_size:
            self.out.say(
                f"The workers of queue {request.queue} run {plural(threads, 'job')} at once:"
                " the rest of a batch waits.",
                style="yellow",
            )

    def _goes_on(self) -> bool:
        answer = self.ask("Do you want to continue? [yes/No] ", option="--force")
        return answer.strip().lower().startswith("y")


def _add_selection(group: Group) -> None:
    group.add_argument(
        "--tag",
        help="Tag for instances that succeed; those that fail get TAG-failed. Required.",
    )
    group.add_argument(
        "--filter",
        default="",
        help="Select instances by these fields or Django lookups (YAML or @FILE; texts in quotes,"
        " lists for __in, times in UTC). Default: all instances.",
    )
    group.add_argument(
        "--exclude",
        default="",
        help="Leave out the instances that this would select as --filter. Default: none.",
    )
    group.add_argument(
        "--retry-failed",
        action="store_true",
        help="Take instances again that are tagged TAG-failed.",
    )
    group.add_argument(
        "--plan",
        metavar="FILE",
        help="Carry out this plan, made with --plan-out, instead of selecting instances.",
    )


def _add_preparation(group: Group) -> None:
    group.add_argument(
        "--update",
        default="",
        help="Instance fields to change before new app servers are created (YAML or @FILE).",
    )
    group.add_argument(
        "--preupgrade-sql-commands",
        default="",
        metavar="SQL",
        help="SQL statements to run on the instance's database before its upgrade (YAML list or"
        " @FILE).",
    )
    group.add_argument(
        "--strict-sql",
        action="store_true",
        help="Fail an instance when one of its SQL statements fails.",
    )
    group.add_argument(
        "--backup",
        action="store_true",
        help="Dump the instance's databases first; `ocim rollout restore` restores them.",
    )
    group.add_argument(
        "--no-activate",
        action="store_true",
        help="Do not activate the new app servers: the old ones serve on.",
    )


def _add_order(group: Group) -> None:
    group.add_argument(
        "--batch-size",
        type=int,
        metavar="N",
        help="Number of instances to upgrade in parallel (default: 2).",
    )
    group.add_argument(
        "--batch-frequency",
        type=float,
        default=600.0,
        metavar="SECONDS",
        help="Seconds between two status blocks (default: 600). A free slot is refilled at once.",
    )
    group.add_argument(
        "--num-attempts",
        type=int,
        metavar="N",
        help="Number of attempts for each instance (default: 1).",
    )
    group.add_argument(
        "--stagger",
        type=float,
        metavar="SECONDS",
        help="Seconds between two starts (default: 0).",
    )
    group.add_argument(
        "--canary",
        type=int,
        metavar="N",
        help="Upgrade N instances first, as different as possible: the same as --waves=N.",
    )
    group.add_argument(
        "--waves",
        default="",
        metavar="3,10%,tag:early",
        help="Upgrade in waves of a number, a percentage or a tag; the other instances go last.",
    )
    group.add_argument(
        "--approve-waves",
        action="store_true",
        help="Wait for `ocim rollout resume` before each wave but the first.",
    )
    group.add_argument(
        "--max-failures",
        metavar="N|P%",
        help="Pause when more than N instances (or P %%) have failed (default: no limit).",
    )
    group.add_argument(
        "--max-same-cause",
        type=int,
        metavar="N",
        help="Pause when N instances have failed for one reason; 0: never (default: 3).",
    )
    group.add_argument(
        "--window",
        metavar="22:00-05:00",
        help="Start upgrades only between these hours, in each instance's time zone.",
    )


def _add_invocation(group: Group) -> None:
    group.add_argument(
        "--show-instances",
        action="store_true",
        help="Show what would be upgraded, and change nothing.",
    )
    group.add_argument(
        "--plan-out",
        metavar="FILE",
        help="Write the plan to this file, and do nothing else.",
    )
    group.add_argument("--force", action="store_true", help="Skip the confirmation.")
    group.add_argument(
        "--no-wait",
        action="store_true",
        help="Do not wait for the end of the rollout.",
    )


def _require_frequency(seconds: float) -> None:
    if not 1 <= seconds < MOST:
        raise ValidationError(["--batch-frequency must be 1 or more, and a number."])


def _plan(arguments: argparse.Namespace) -> Plan:
    """Return the plan for what the command line asks for, or the one that `--plan` names."""
    if not arguments.plan:
        return make_plan(request_of(arguments), context=context())
    planned = _plan_of_file(arguments)
    return replace(planned, request=request_of(arguments, planned.request))


def _plan_of_file(arguments: argparse.Namespace) -> Plan:
    selecting = [name for name in SELECTING if getattr(arguments, name)]
    if selecting:
        options = listed(f"--{name.replace('_', '-')}" for name in selecting)
        raise ValidationError([f"--plan cannot be combined with {options}: make another plan."])
    try:
        document = json.loads(file_path(arguments.plan).read_text())
    except OSError as error:
        fault = f"--plan: cannot read {arguments.plan}: {error.strerror}."
        raise ValidationError([fault]) from None
    except (ValueError, RecursionError) as error:
        fault = f"--plan: {arguments.plan} is no plan: {error}."
        raise ValidationError([fault], remedy="Make one with --plan-out.") from None
    return from_json(document)
