"""Hosts, images, balancers, and the checks of the doctor: what the whole fleet stands on."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.bodies import Body, read
from ocim.api.schema import Nothing
from ocim.api.shapes import Number, Text, Texts, Time
from ocim.api.views import NO_CONTENT, ApiView
from ocim.core.access import Right
from ocim.core.actions import SyncBalancer
from ocim.core.errors import Conflict
from ocim.operations import doctor, images
from ocim.operations.findings import examine
from ocim.presentation import hosts
from ocim.presentation.images import row as image_row
from ocim.presentation.servers import balancers
from ocim.store.lent_machines import StoredMachines
from ocim.store.models import LoadBalancingServer
from ocim.tasks import enqueue
from ocim.wiring import context

KEEP = 2
"""Usual number of images to keep per kind of host."""


class HostShape(serializers.Serializer[Any]):
    """A host of a provider."""

    host = Text()
    provider = Text()
    app_server = Number(allow_null=True)
    instance = Text(allow_null=True)
    state = Text(help_text="State of its app server, kind of its shared server, or `orphan`.")


class ImageShape(serializers.Serializer[Any]):
    """An image from which hosts start sooner."""

    image = Text()
    provider = Text()
    release = Text()
    services = Text()
    playbook = Text()
    configuration = Text()
    built = Time()
    MB = Number()
    hosts = Texts()


class BalancerShape(serializers.Serializer[Any]):
    """A balancer, and how far it follows the database."""

    name = Text()
    up_to_date = serializers.BooleanField()
    version = Number()
    error = Text()


class FindingShape(serializers.Serializer[Any]):
    """A finding of the doctor."""

    area = Text()
    severity = serializers.ChoiceField(["ok", "warning", "error"])
    what = Text()
    where = Text()
    remedy = Text()


class PruneBody(Body):
    """The images to keep."""

    keep = Number(
        required=False,
        min_value=0,
        max_value=1000,
        help_text=f"Number of newest images to keep per kind of host (default: {KEEP}).",
    )


class Hosts(ApiView):
    @extend_schema(responses={200: HostShape(many=True)})
    def get(self, _request: Request) -> Response:
        """List all hosts, each with its app server."""
        self.require(Right.VIEW)
        return Response([_plain(row) for row in hosts.rows()])


class ReadmitMachine(ApiView):
    @extend_schema(request=Nothing, responses={204: None})
    def post(self, request: Request, machine: str) -> Response:
        """Let a machine of the pool that is kept out be used."""
        self.require(Right.CONFIGURE)
        read(Nothing, request)
        if not StoredMachines().readmit(machine):
            raise Conflict(f"The machine {machine!r} is not kept out.")
        return Response(status=NO_CONTENT)


class Images(ApiView):
    @extend_schema(responses={200: ImageShape(many=True)})
    def get(self, _request: Request) -> Response:
        """List images, each with its sources and the hosts created from it."""
        self.require(Right.VIEW)
        return Response([image_row(image) for image in images.listed(context())])


class PruneImages(ApiView):
    @extend_schema(request=PruneBody, responses={200: ImageShape(many=True)})
    def post(self, request: Request) -> Response:
        """Delete images that no host needs, and answer with them."""
        self.require(Right.CONFIGURE)
        keep = read(PruneBody, request).get("keep", KEEP)
        return Response([image_row(image) for image in images.prune(keep=keep, context=context())])


class Balancers(ApiView):
    @extend_schema(responses={200: BalancerShape(many=True)})
    def get(self, _request: Request) -> Response:
        """List balancers, and whether each serves what the database has."""
        self.require(Right.VIEW)
        shown = BalancerShape().get_fields()
        states = map(_plain, balancers())
        return Response([{name: state[name] for name in shown} for state in states])

    @extend_schema(request=Nothing, responses={202: None})
    def post(self, request: Request) -> Response:
        """Let a worker apply the routes that the database has."""
        self.require(Right.CONFIGURE)
        read(Nothing, request)
        balancers = LoadBalancingServer.objects.values_list("pk", flat=True)
        enqueue(SyncBalancer(pk) for pk in balancers)
        return Response(status=202)


class Doctor(ApiView):
    @extend_schema(responses={200: FindingShape(many=True)})
    def get(self, _request: Request) -> Response:
        """Check all that Ocim manages; tell every problem with its remedy.

        The checks of the manager's own machine are those of `ocim doctor`.
        """
        self.require(Right.CONFIGURE)
        return Response(
            [
                {
                    "area": check.area,
                    "severity": finding.severity,
                    "what": finding.what,
                    "where": finding.where,
                    "remedy": finding.remedy,
                }
                for check, findings in examine(doctor.CHECKS, context())
                for finding in findings
            ]
        )


def _plain(row: dict[str, object]) -> dict[str, object]:
    return {name.replace(" ", "_"): value for name, value in row.items()}
