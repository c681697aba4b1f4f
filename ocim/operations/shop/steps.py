"""Set-up steps: observed, run where they are pending, and recorded."""

import shlex
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from ocim.catalog import discovery_job
from ocim.catalog.steps.all_steps import steps_of
from ocim.catalog.steps.lms import BY_NAME, MIGRATED
from ocim.catalog.steps.step import (
    Command,
    Crontab,
    Observation,
    Script,
    Step,
    StepAction,
    StepInputs,
)
from ocim.core.errors import (
    Conflict,
    OcimError,
    PermanentError,
    TransientError,
    ValidationError,
)
from ocim.core.secrets import Secret, derive
from ocim.core.steps import StepStatus, step_status
from ocim.core.texts import listed
from ocim.operations.context import Context
from ocim.operations.effective import deserialize
from ocim.operations.masking import mask_of
from ocim.operations.shop import remote
from ocim.operations.shop.looks import look
from ocim.store.models import OpenEdXAppServer, ServiceStep
from ocim.store.specs import appserver_spec

OnLine = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class ExaminedStep:
    """Set-up step with its observed status."""

    step: Step
    status: StepStatus | None
    """Status. None: it could not be observed."""
    observation: Observation
    problem: str = ""
    """Reason why it could not be observed."""


def step_inputs(appserver: OpenEdXAppServer, context: Context) -> StepInputs:
    """Return the inputs of the app server's steps, as it was provisioned."""
    seed = appserver.instance.secret_seed.encode()

    def fingerprint(secret: Secret) -> str:
        return derive(seed, f"mark of {secret.reveal()}", 16).reveal()

    return StepInputs(
        appserver_spec(appserver, context.policy), deserialize(appserver).values, fingerprint
    )


def chosen(appserver: OpenEdXAppServer, names: Collection[str], context: Context) -> list[Step]:
    """Return the app server's steps of these names, or all.

    Raise ValidationError if it has no such step.
    """
    every = steps_of(appserver_spec(appserver, context.policy))
    if unknown := sorted(set(names) - {step.name for step in every}):
        known = listed(step.name for step in every)
        raise ValidationError(
            [
                f"{name}: unknown set-up step. The steps of {appserver} are {known}."
                for name in unknown
            ]
        )
    return [step for step in every if not names or step.name in names]


def examine(
    appserver: OpenEdXAppServer, steps: Sequence[Step], context: Context, *, force: bool = False
) -> list[ExaminedStep]:
    """Return the steps with their present status. Change nothing."""
    inputs = step_inputs(appserver, context)
    seen = look(steps, inputs, appserver, context)
    return [
        ExaminedStep(step, None, {}, str(observed))
        if isinstance(observed, OcimError)
        else ExaminedStep(step, _judged(step, inputs, observed, appserver, force), observed)
        for step, observed in zip(steps, seen, strict=True)
    ]


def as_if_nothing_were_there(
    appserver: OpenEdXAppServer, steps: Sequence[Step], context: Context
) -> list[ExaminedStep]:
    """Return the steps as all pending, for a runbook. Observe nothing."""
    inputs = step_inputs(appserver, context)
    empty = {"fields": {}, "users": MIGRATED, "names": {}, "of_group": [], "wanted": BY_NAME}
    return [
        ExaminedStep(step, step_status(step.wanted(inputs), actual=None), empty) for step in steps
    ]


@remote.shared_shells()
def carry_out(
    appserver: OpenEdXAppServer,
    steps: Sequence[Step],
    context: Context,
    *,
    force: bool = False,
    on_line: OnLine,
) -> None:
    """Run the pending steps; leave those that are done, or changed by hand.

    A run may be killed at any point: the next one observes the services, and goes on where it
    ended. Raise TransientError or PermanentError with the steps that failed.
    """
    examined = examine(appserver, steps, context, force=force)
    if unseen := [
        f"{entry.step.name}: {entry.problem}" for entry in examined if entry.status is None
    ]:
        raise TransientError("\n".join(unseen))
    for entry in examined:
        _tell(entry, on_line)
    inputs = step_inputs(appserver, context)
    owed = [(entry.step, action) for entry in examined for action in pending_actions(entry, inputs)]
    failures = _perform(owed, appserver, context)
    for entry in examined:
        failure = mask_of(appserver)(str(failures.get(entry.step.name, "")))
        if (
            failure
            or (entry.status and entry.status.is_pending)
            or _last(appserver, entry.step) is None
        ):
            applied = None if failure else entry.step.wanted(inputs)
            ServiceStep.objects.create(
                instance_id=appserver.instance_id,
                appserver=appserver,
                step=entry.step.name,
                created_at=context.now(),
                applied=applied,
                failure=failure,
            )
    if failures:
        may_pass = any(error.retryable for error in failures.values())
        raise (TransientError if may_pass else PermanentError)(
            "\n".join(f"Step {name}: {failure}" for name, failure in failures.items()),
            remedy=f"`ocim services setup {appserver.instance_id}` tries again what is owed.",
        )


def pending_actions(examined: ExaminedStep, inputs: StepInputs) -> list[StepAction]:
    """Return the actions of a pending step; none if it is not pending."""
    if examined.status is None or not examined.status.is_pending:
        return []
    return examined.step.actions(inputs, dict(examined.status.fields), examined.observation)


def _judged(
    step: Step, inputs: StepInputs, observed: Observation, appserver: OpenEdXAppServer, force: bool
) -> StepStatus:
    last = _last(appserver, step)
    wanted = step.wanted(inputs)
    return step_status(
        wanted,
        actual=observed["fields"],
        applied=last.applied if last else None,
        essential=[name for name in wanted if step.essential(name)],
        force=force,
    )


def _tell(examined: ExaminedStep, on_line: OnLine) -> None:
    assert examined.status  # noqa: S101 - the caller has seen to that
    if examined.status.is_pending:
        on_line(f"{examined.step.name}: {examined.step.about}.")
    for name in examined.status.edited:
        on_line(f"{examined.step.name}: {name} differs in the service, and is left as it is.")


def _perform(
    owed: Sequence[tuple[Step, StepAction]], appserver: OpenEdXAppServer, context: Context
) -> dict[str, OcimError]:
    """Run the actions on the app server. Return the errors by step."""
    failures: dict[str, OcimError] = {}
    for calls in _rounds(owed):
        if failures:
            not_made = Conflict("not done, since another step failed before.")
            failures |= {step.name: not_made for step, _ in calls}
            break
        answers = remote.call_all(appserver, [call for _, call in calls], context, stop=True)
        for (step, _), answer in zip(calls, answers, strict=True):
            if isinstance(answer, OcimError):
                failures.setdefault(step.name, answer)
    for step, action in owed:
        if isinstance(action, Crontab):
            # The comment is how Ansible's cron module knows a job, and replaces it.
            line = remote.located(action.line, appserver, context)
            text = f"#Ansible: {action.name}\n{line}\n"
            old = shlex.quote(f"/^#Ansible: {action.name}$/,+1d")
            script = f"{{ crontab -l 2>/dev/null | sed {old}; cat; }} | crontab -"
            ran = remote.run_on_host(appserver, script, context, stdin=text, timeout=60.0)
            if ran.status:
                failures[step.name] = PermanentError(f"crontab: {ran.errors.strip()}")
    return failures


def _rounds(owed: Sequence[tuple[Step, StepAction]]) -> list[list[tuple[Step, remote.Call]]]:
    """Return the calls in groups that run one after the other; in a group, services run together.

    A step that asks other services waits for theirs: what it reads there may just be changing.
    """
    calls = [(step, call) for step, action in owed if (call := _call(action))]
    first = [(step, call) for step, call in calls if not step.reads_others]
    last = [(step, call) for step, call in calls if step.reads_others]
    if {call.service for _, call in first} <= {call.service for _, call in last}:
        return [calls]  # one shell runs them in their order
    return [first, last] if last else [first]


def _call(action: StepAction) -> remote.Call | None:
    match action:
        case Command(service, words, None):
            return remote.Call(service, "commands.run", discovery_job.arguments(words))
        case Command(service, words, Script(function=function, arguments=arguments)):
            return remote.Call(service, function, {**arguments, "argv": list(words)})
        case Script(service, function, arguments):
            return remote.Call(service, function, arguments)
    return None


def _last(appserver: OpenEdXAppServer, step: Step) -> ServiceStep | None:
    done = ServiceStep.objects.filter(
        instance_id=appserver.instance_id, step=step.name, applied__isnull=False
    )
    return done.order_by("-id").first()
