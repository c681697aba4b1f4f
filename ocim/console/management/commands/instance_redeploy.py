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
from ocim.console.rollouts.redeploy_options import add_options
from ocim.console.rollouts.requests import SELECTING, WITHOUT, operator, request_of
from ocim.console.rollouts.watch import show_first_status, watch_to_end
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
        add_options(parser)

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
        done = "Scheduled" if plan.request.at else "Started"
        self.out.say(f"{done} rollout {rollout.pk}: ocim rollout show {rollout.pk}")
        waits = not (arguments.no_wait or plan.request.at)
        if waits:
            show_first_status(rollout, self.out)
        enqueue(actions)
        if waits:
            watch_to_end(rollout, self.out, frequency=arguments.batch_frequency, is_new=True)

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
