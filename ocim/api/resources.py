"""Hosts, images, balancers, and the checks of the doctor: what the whole fleet stands on."""

from typing import Any

from django.http import Http404
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
from ocim.operations import doctor, images
from ocim.operations import hosts as host_operations
from ocim.operations.findings import examine
from ocim.presentation import hosts
from ocim.presentation.images import row as image_row
from ocim.presentation.servers import balancers
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


class MachineShape(serializers.Serializer[Any]):
    """A machine of the ssh pool."""

    machine = Text()
    host = Text(allow_null=True, help_text="Host that it is lent as; null: it is free.")
    kept_out = Text(allow_null=True, help_text="Why it must not be used; null: it may be.")


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


class Pool(ApiView):
    @extend_schema(responses={200: MachineShape(many=True)})
    def get(self, _request: Request) -> Response:
        """List the machines of the ssh pool, each with its host."""
        self.require(Right.VIEW)
        return Response([_plain(row) for row in hosts.pool_rows()])


class ReadmitMachine(ApiView):
    @extend_schema(request=Nothing, responses={204: None})
    def post(self, request: Request, machine: str) -> Response:
        """Let a machine of the pool that is kept out be used."""
        self.require(Right.CONFIGURE)
        read(Nothing, request)
        host_operations.readmit(machine)
        return Response(status=NO_CONTENT)


class Images(ApiView):
    @extend_schema(responses={200: ImageShape(many=True)})
    def get(self, _request: Request) -> Response:
        """List images, each with its sources and the hosts created from it."""
        self.require(Right.VIEW)
        return Response([image_row(image) for image in images.listed(context())])


class Image(ApiView):
    @extend_schema(responses={204: None})
    def delete(self, _request: Request, provider: str, name: str) -> Response:
        """Delete an image that no host needs."""
        self.require(Right.CONFIGURE)
        known = {(image.inputs["provider"], image.name) for image in images.listed(context())}
        if (provider, name) not in known:
            raise Http404(f"No image {name!r} of kind {provider!r}.")
        images.remove(provider=provider, name=name, context=context())
        return Response(status=NO_CONTENT)


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
