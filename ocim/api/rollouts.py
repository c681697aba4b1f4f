"""Rollouts: planned, begun, listed, shown, given commands; and their reports."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.bodies import Body, read
from ocim.api.paging import page
from ocim.api.schema import Nothing, page_of, shape_of
from ocim.api.shapes import Number, Text, Texts, Time
from ocim.api.views import ACCEPTED, CREATED, ApiView
from ocim.core.access import Right
from ocim.core.errors import ValidationError
from ocim.core.rollout_commands import RolloutCommand
from ocim.core.rollout_request import RolloutRequest
from ocim.core.states import RolloutState
from ocim.operations.rollouts import commands, undo
from ocim.operations.rollouts.begin import begin
from ocim.operations.rollouts.plan import Plan, make_plan
from ocim.operations.rollouts.plan_file import from_json, to_json
from ocim.operations.rollouts.record import Report
from ocim.operations.rollouts.report import report
from ocim.operations.rollouts.request import read_request
from ocim.operations.rollouts.selection import within
from ocim.presentation.page import as_html
from ocim.presentation.rollouts import row
from ocim.presentation.table import as_csv
from ocim.store import selectors
from ocim.store.models import InstanceReference
from ocim.store.models import Rollout as RolloutRow
from ocim.tasks import enqueue
from ocim.wiring import context, current_time, queue_name

Flag = serializers.BooleanField


class RolloutShape(serializers.Serializer[Any]):
    """A rollout in the list."""

    id = Number()
    tag = Text()
    state = serializers.ChoiceField([state.value for state in RolloutState])
    instances = Number()
    successful = Number()
    failed = Number()
    begun = Time(help_text="Time at which it began or, if it is scheduled, begins.")


class PlanShape(serializers.Serializer[Any]):
    """A plan: nothing is changed by it. Send it as `plan` to begin it."""

    request = serializers.DictField(help_text="The options that it was made from.")
    items = serializers.ListField(
        child=serializers.DictField(), help_text="What changes in each instance."
    )
    left_out = serializers.ListField(
        child=Texts(), help_text="Instances that are left out, each with the reason."
    )
    moves = serializers.DictField(
        child=Texts(), help_text="What instances lose that go to Tutor, each with these instances."
    )
    hash = Text()
    sealed = Text(help_text="The whole plan, encrypted.")


class PlanBody(Body):
    """The options of `ocim redeploy`."""

    tag = Text(required=False, help_text="Tag for instances that succeed. Required.")
    filter = serializers.DictField(required=False, help_text="Select instances by these lookups.")
    exclude = serializers.DictField(required=False, help_text="Leave these instances out.")
    retry_failed = Flag(required=False, help_text="Take instances that are tagged TAG-failed.")
    update = serializers.DictField(  # type: ignore[assignment]
        required=False, help_text="Fields to change before."
    )
    preupgrade_sql_commands = Texts(required=False, help_text="SQL to run before each upgrade.")
    strict_sql = Flag(required=False, help_text="Fail an instance when its SQL fails.")
    backup = Flag(required=False, help_text="Dump the databases first.")
    no_activate = Flag(required=False, help_text="The old app servers serve on.")
    batch_size = Number(required=False, help_text="Upgrades in parallel (default: 2).")
    num_attempts = Number(required=False, help_text="Attempts for each (default: 1).")
    stagger = serializers.FloatField(required=False, help_text="Seconds between two starts.")
    canary = Number(required=False, help_text="Upgrade so many instances first.")
    waves = Text(required=False, help_text="Waves, such as `3,10%,tag:early`.")
    approve_waves = Flag(required=False, help_text="Wait for approval before each wave.")
    max_failures = Text(required=False, help_text="Pause when more have failed: `3` or `10%`.")
    max_same_cause = Number(required=False, help_text="Pause when so many failed alike.")
    window = Text(required=False, help_text="Hours of starts, such as `22:00-05:00`.")
    at = Text(
        required=False,
        help_text="Time to begin, such as `2026-05-04T22:00Z`, when it is planned anew. Default:"
        " at once.",
    )


class RolloutBody(PlanBody):
    """The options of `ocim redeploy`, or a plan that was made before."""

    plan = serializers.DictField(required=False, help_text="A plan; then there are no options.")


class AbortBody(Body):
    """Options of an abort."""

    now = Flag(required=False, help_text="End upgrades under way, too.")


class RetryBody(Body):
    """Options of a retry."""

    cause = Text(required=False, help_text="Only instances that failed for this cause.")


class UndoShape(serializers.Serializer[Any]):
    """Effect of an undo."""

    possible = Texts(help_text="Instances whose replaced app servers would serve again.")
    impossible = serializers.ListField(
        child=Texts(), help_text="Instances that cannot be undone, each with the reason."
    )


class Plans(ApiView):
    @extend_schema(request=PlanBody, responses={200: PlanShape})
    def post(self, request: Request) -> Response:
        """Plan a rollout: say what it would do, and change nothing."""
        self.require_somewhere(Right.RELEASE)
        return Response(to_json(_plan(self, read(PlanBody, request))))


class Rollouts(ApiView):
    @extend_schema(responses={200: page_of(RolloutShape)})
    def get(self, request: Request) -> Response:
        """List rollouts, newest first."""
        self.require_somewhere(Right.VIEW)
        rows = selectors.visible_rollouts(selectors.rollouts(), self.access)
        return page(rows, request, row)

    @extend_schema(request=RolloutBody, responses={201: RolloutShape})
    def post(self, request: Request) -> Response:
        """Begin a rollout, now or at a time: from options, or from a plan that was made before."""
        self.require_somewhere(Right.RELEASE)
        options = read(RolloutBody, request)
        if document := options.pop("plan", None):
            if options:
                raise ValidationError([f"{name}: the plan has it already." for name in options])
            plan = _narrowed(self, from_json(document))
        else:
            plan = _plan(self, options)
        _require_own(self, plan)
        if not plan.items:
            raise ValidationError(["filter: no instance is to be upgraded."])
        rollout, actions = begin(plan, context=context(), creator_id=request.user.pk)
        enqueue(actions)
        return _answer(rollout, CREATED)


class Rollout(ApiView):
    @extend_schema(responses={200: shape_of(Report)})
    def get(self, _request: Request, rollout_id: int) -> Response:
        """Show the complete record of a rollout."""
        rollout = self.rollout(rollout_id, Right.VIEW)
        return Response(asdict(report(rollout.pk, current_time())))


class RolloutReport(ApiView):
    """The report as a file."""

    @extend_schema(
        responses={
            (200, "text/html"): {"type": "string"},
            (200, "text/csv"): {"type": "string"},
        },
        parameters=[
            OpenApiParameter("form", str, enum=("html", "csv"), description="Default: html.")
        ],
    )
    def get(self, request: Request, rollout_id: int) -> HttpResponse:
        """Send the record of a rollout as an HTML page with a chart, or as CSV."""
        rollout = self.rollout(rollout_id, Right.VIEW)
        form = request.query_params.get("form", "html")
        forms = {"html": as_html, "csv": as_csv}
        if form not in forms:
            raise ValidationError([f"form: {form!r} must be html or csv."])
        text = forms[form](report(rollout.pk, current_time()))
        return HttpResponse(text, content_type=f"text/{form}; charset=utf-8")


class _Command(ApiView):
    """A command to a rollout; it goes on from there."""

    def give(self, request: Request, rollout_id: int, command: RolloutCommand) -> Response:
        """Give the command with what the request says; answer with the rollout."""
        rollout = self.rollout(rollout_id, Right.RELEASE)
        bodies = {RolloutCommand.ABORT: AbortBody, RolloutCommand.RETRY: RetryBody}
        said = read(bodies.get(command, Nothing), request)
        by = request.user.get_username()
        enqueue(commands.give(command, rollout, by=by, **said))
        return _answer(rollout, ACCEPTED)


class Pause(_Command):
    @extend_schema(request=Nothing, responses={202: RolloutShape})
    def post(self, request: Request, rollout_id: int) -> Response:
        """Start no more upgrades for now; those under way go on."""
        return self.give(request, rollout_id, RolloutCommand.PAUSE)


class Resume(_Command):
    @extend_schema(request=Nothing, responses={202: RolloutShape})
    def post(self, request: Request, rollout_id: int) -> Response:
        """Go on with a paused rollout; approve a waiting wave."""
        return self.give(request, rollout_id, RolloutCommand.RESUME)


class Approve(_Command):
    @extend_schema(request=Nothing, responses={202: RolloutShape})
    def post(self, request: Request, rollout_id: int) -> Response:
        """Approve the wave that waits, and go on: the same as resume."""
        return self.give(request, rollout_id, RolloutCommand.RESUME)


class Abort(_Command):
    @extend_schema(request=AbortBody, responses={202: RolloutShape})
    def post(self, request: Request, rollout_id: int) -> Response:
        """Start no more upgrades, for good."""
        return self.give(request, rollout_id, RolloutCommand.ABORT)


class Retry(_Command):
    @extend_schema(request=RetryBody, responses={202: RolloutShape})
    def post(self, request: Request, rollout_id: int) -> Response:
        """Upgrade the failed and cancelled instances again."""
        return self.give(request, rollout_id, RolloutCommand.RETRY)


class Undo(_Command):
    @extend_schema(responses={200: UndoShape})
    def get(self, _request: Request, rollout_id: int) -> Response:
        """Show which upgrades can be undone, and why others cannot."""
        possible, impossible = undo.undoable(self.rollout(rollout_id, Right.VIEW))
        reasons = [[str(upgrade), reason] for upgrade, reason in impossible]
        return Response({"possible": list(map(str, possible)), "impossible": reasons})

    @extend_schema(request=Nothing, responses={202: RolloutShape})
    def post(self, request: Request, rollout_id: int) -> Response:
        """Let the replaced app servers serve again."""
        return self.give(request, rollout_id, RolloutCommand.UNDO)


def _plan(view: ApiView, options: Mapping[str, Any]) -> Plan:
    """Return a plan for the instances that the account may release."""
    wanted: RolloutRequest = read_request({**options, "queue": queue_name()})
    wanted = within(wanted, view.access.organizations(Right.RELEASE))
    return make_plan(wanted, context=context())


def _narrowed(view: ApiView, plan: Plan) -> Plan:
    """Return the plan; one that is made anew later selects only what the account may release."""
    if plan.request.at is None:
        return plan
    return replace(plan, request=within(plan.request, view.access.organizations(Right.RELEASE)))


def _require_own(view: ApiView, plan: Plan) -> None:
    """Raise PermissionDenied if the plan has instances that the account may not release."""
    organizations = view.access.organizations(Right.RELEASE)
    if organizations is None:
        return
    ids = {item.instance_id for item in plan.items}
    own = InstanceReference.objects.filter(pk__in=ids, organization__in=organizations)
    if own.count() != len(ids):
        raise PermissionDenied("The plan has instances that your account may not release.")


def _answer(rollout: RolloutRow, status: int) -> Response:
    headers = {"Location": reverse("api:rollout", args=[rollout.pk])}
    return Response(row(selectors.rollouts().get(pk=rollout.pk)), status, headers=headers)
