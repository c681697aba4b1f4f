"""Ecommerce and course discovery: switched, set up and verified."""

from dataclasses import asdict
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.bodies import Body, read
from ocim.api.paging import page
from ocim.api.schema import SECRETS, Nothing, page_of, shape_of
from ocim.api.shapes import JobShape, Number, Text, Texts, Time
from ocim.api.views import ApiView
from ocim.core.access import Right
from ocim.core.errors import ValidationError
from ocim.core.instance import ALWAYS, Service
from ocim.operations.shop import set_up, status, switch, verification
from ocim.presentation.services import command_lines, verification_facts
from ocim.store.models import SHARED_SERVERS, OpenEdXInstance, Verification
from ocim.store.specs import services_of
from ocim.tasks import enqueue
from ocim.wiring import context, queue_name

OPTIONAL = sorted(service.value for service in set(Service) - ALWAYS)
OF_SHOP = ("partner_code", "currency", "flavor")
Flag = serializers.BooleanField


class ServicesShape(serializers.Serializer[Any]):
    """The optional services of an instance."""

    enabled = Texts()
    partner_code = Text()
    currency = Text()
    flavor = Text()
    warnings = Texts(help_text="What an operator should know of these settings.")


class SwitchBody(Body):
    """Services to enable and to disable, and settings of the shop."""

    enable = serializers.ListField(child=serializers.ChoiceField(OPTIONAL), required=False)
    disable = serializers.ListField(child=serializers.ChoiceField(OPTIONAL), required=False)
    partner_code = Text(required=False, allow_blank=True)
    currency = Text(required=False, allow_blank=True)
    flavor = Text(required=False, allow_blank=True)
    processors = serializers.DictField(
        child=serializers.DictField(),
        required=False,
        help_text="Keys of each payment processor, by its name (default: they stay as they are).",
    )


class SetUpBody(Body):
    """Set-up steps to run."""

    steps = Texts(required=False, help_text="Names of steps (default: all).")
    force = Flag(required=False, help_text="Overwrite what was changed by hand, too.")


class VerifyBody(Body):
    """Options of a verification."""

    purchase = Flag(required=False, help_text="Buy something with the test card, too.")


class VerificationShape(serializers.Serializer[Any]):
    """A verification, with its checks."""

    id = Number()
    appserver = Number(allow_null=True)
    started = Time()
    ended = Time(allow_null=True)
    purchase = Flag()
    ok = Flag()
    lines = serializers.ListField(child=serializers.DictField())


class CommandsShape(serializers.Serializer[Any]):
    """Commands for a person to run."""

    lines = Texts()


class Services(ApiView):
    @extend_schema(responses={200: ServicesShape})
    def get(self, _request: Request, instance_id: int) -> Response:
        """Show the optional services of an instance."""
        return _answer(self.instance(instance_id, Right.VIEW).pk)

    @extend_schema(request=SwitchBody, responses={200: ServicesShape})
    def post(self, request: Request, instance_id: int) -> Response:
        """Enable services, from the next app server on; disable others, at once.

        The databases of disabled services are kept.
        """
        instance = self.instance(instance_id, Right.OPERATE)
        wanted = read(SwitchBody, request)
        on, off = (list(map(Service, wanted.get(name, ()))) for name in ("enable", "disable"))
        if both := sorted({*on} & {*off}):
            raise ValidationError([f"disable: {name} is in `enable`, too." for name in both])
        actions = []
        with transaction.atomic():
            if off:
                _, more = switch.disable(instance_id=instance.pk, services=off, context=context())
                actions += more
            if on or wanted.keys() - {"disable"}:
                _, more = switch.enable(
                    instance_id=instance.pk,
                    services=on,
                    processors=wanted.get("processors"),
                    changes={name: wanted[name] for name in OF_SHOP if name in wanted},
                    context=context(),
                )
                actions += more
        enqueue(actions)
        return _answer(instance.pk)


class ServicesStatus(ApiView):
    @extend_schema(
        request=Nothing, responses={200: {"type": "array", "items": shape_of(status.Line)}}
    )
    def post(self, request: Request, instance_id: int) -> Response:
        """Show which set-up steps are done, pending, or changed by hand.

        This starts a program in each service, and changes nothing.
        """
        instance = self.instance(instance_id, Right.OPERATE)
        read(Nothing, request)
        return Response([asdict(line) for line in status.status(_whole(instance.pk), context())])


class SetUp(ApiView):
    @extend_schema(request=SetUpBody, responses={202: JobShape})
    def post(self, request: Request, instance_id: int) -> Response:
        """Run the pending set-up steps."""
        instance = self.instance(instance_id, Right.OPERATE)
        wanted = read(SetUpBody, request)
        job = set_up.request(
            instance,
            names=wanted.get("steps", []),
            force=wanted.get("force", False),
            queue=queue_name(),
            context=context(),
        )
        return self.accepted(job)


class Runbook(ApiView):
    @extend_schema(parameters=[SECRETS], responses={200: CommandsShape})
    def get(self, request: Request, instance_id: int) -> Response:
        """Show the set-up commands to run by hand."""
        instance = self.instance(instance_id, Right.VIEW)
        reveal = self.wants_secrets(request, instance.ref_set.organization)
        lines = command_lines(_whole(instance.pk), (), only_pending=False, reveal=reveal)
        return Response({"lines": [text for text, _ in lines]})


class PendingCommands(ApiView):
    @extend_schema(request=SetUpBody, responses={200: CommandsShape})
    def post(self, request: Request, instance_id: int) -> Response:
        """Show what a set-up would run now.

        This starts a program in each service, and changes nothing.
        """
        instance = self.instance(instance_id, Right.OPERATE)
        wanted = read(SetUpBody, request)
        lines = command_lines(
            _whole(instance.pk),
            wanted.get("steps", []),
            only_pending=True,
            force=wanted.get("force", False),
        )
        return Response({"lines": [text for text, _ in lines]})


class Verifications(ApiView):
    @extend_schema(responses={200: page_of(VerificationShape)})
    def get(self, request: Request, instance_id: int) -> Response:
        """List verifications of an instance's services, newest first."""
        instance = self.instance(instance_id, Right.VIEW)
        rows = Verification.objects.filter(instance=instance)
        return page(rows, request, verification_facts)

    @extend_schema(request=VerifyBody, responses={202: JobShape})
    def post(self, request: Request, instance_id: int) -> Response:
        """Test both services through their pages and APIs, as their users would."""
        instance = self.instance(instance_id, Right.OPERATE)
        purchase = read(VerifyBody, request).get("purchase", False)
        return self.accepted(verification.request(instance, purchase=purchase, queue=queue_name()))


def _answer(instance_id: int) -> Response:
    instance = _whole(instance_id)
    try:
        warnings = switch.warnings(instance, context())
    except ValidationError as error:
        warnings = list(error.faults)
    return Response(
        {
            "enabled": sorted(services_of(instance) - ALWAYS),
            **{name: getattr(instance, name) for name in OF_SHOP},
            "warnings": warnings,
        }
    )


def _whole(instance_id: int) -> OpenEdXInstance:
    return OpenEdXInstance.objects.select_related("ref_set", *SHARED_SERVERS).get(pk=instance_id)
