"""Shared servers: listed, created, registered and removed; and instances' accounts on them."""

from typing import Any

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.appservers import line_facts
from ocim.api.bodies import Body, read
from ocim.api.paging import page
from ocim.api.schema import Nothing, page_of
from ocim.api.shapes import JobShape, LogLine, Number, Text
from ocim.api.views import CREATED, NO_CONTENT, ApiView
from ocim.core.access import Right
from ocim.core.errors import ValidationError
from ocim.core.secrets import Secret
from ocim.operations import (
    broker_servers,
    brokers,
    content,
    instance_databases,
    shared_servers,
)
from ocim.operations.content_servers import ContentKind
from ocim.presentation.servers import KINDS, row, servers
from ocim.store.models import LogEntry
from ocim.wiring import context, queue_name

Flag = serializers.BooleanField


class ServerShape(serializers.Serializer[Any]):
    """A shared server."""

    name = Text()
    url = Text(help_text="Address without the account; empty until it is created.")
    version = Text()
    instances = Number(help_text="Number of instances that use it.")
    accepts_new = Flag()
    host = Text(allow_null=True, help_text="Host that Ocim created for it; null: none.")


class NewServer(Body):
    """A server to create on a new host."""

    name = Text()
    provider = Text(required=False, help_text="Kind of host (default: local).")
    flavor = Text(required=False, allow_blank=True, help_text="Size of the host.")
    kind = serializers.ChoiceField(
        sorted(broker_servers.RECIPES), required=False, help_text="Of brokers: kind of broker."
    )


class KnownServer(Body):
    """A server that runs, to be registered."""

    name = Text()
    url = Text(help_text="Address without user and password.")
    user = Text(
        required=False,
        help_text="User that may create others (default: the usual one); none on Meilisearch.",
    )
    password = Text(
        trim_whitespace=False,
        write_only=True,
        help_text="Its password, or the master key.",
    )
    tls = Flag(required=False, help_text="Of database and MongoDB servers: connect with TLS only.")
    authority = Text(
        required=False, help_text="Of database servers: certificate in PEM of its authority."
    )
    version = Text(required=False, help_text="Of search servers: version that it must have.")
    port = Number(
        required=False, min_value=0, max_value=65535, help_text="Of brokers: port for messages."
    )


OF_KINDS = {
    "kind": {"broker"},
    "tls": {"database", "mongodb"},
    "authority": {"database"},
    "version": {"search"},
    "port": {"broker"},
    "user": {name for name, kind in KINDS.items() if kind.user},
}
"""Fields that servers of some kinds have, with the kinds."""


class _Servers(ApiView):
    """Servers of a kind: the part of the address behind `servers`."""

    def read(self, kind: str, body: type[Body], request: Request) -> dict[str, Any]:
        """Return the body's fields. Raise ValidationError for those of another kind."""
        wanted = read(body, request)
        faults = [
            f"{name}: a {kind} server has no such setting."
            for name in wanted
            if kind not in OF_KINDS.get(name, KINDS)
        ]
        if faults:
            raise ValidationError(faults)
        return wanted

    def shown(self, kind: str, name: str) -> dict[str, object]:
        """Return a server. Raise Http404 if there is none of the name."""
        server = servers(KINDS[kind].model).filter(name=name).first()
        if server is None:
            raise Http404(f"No {kind} server {name!r}.")
        return _shown(server)


class Servers(_Servers):
    @extend_schema(responses={200: ServerShape(many=True)})
    def get(self, _request: Request, kind: str) -> Response:
        """List shared servers of a kind."""
        self.require(Right.VIEW)
        return Response([_shown(server) for server in servers(KINDS[kind].model)])

    @extend_schema(request=NewServer, responses={202: JobShape})
    def post(self, request: Request, kind: str) -> Response:
        """Create a shared server on a new host: MariaDB, Elasticsearch, RabbitMQ or Redis."""
        self.require(Right.CONFIGURE)
        wanted = {"provider": "local", **self.read(kind, NewServer, request)}
        _, job = KINDS[kind].operations.request_creation(
            **wanted, queue=queue_name(), context=context()
        )
        return self.accepted(job)


class RegisterServer(_Servers):
    @extend_schema(request=KnownServer, responses={201: ServerShape})
    def post(self, request: Request, kind: str) -> Response:
        """Register a shared server that runs, after a connection to it."""
        self.require(Right.CONFIGURE)
        known = {"user": KINDS[kind].user, **self.read(kind, KnownServer, request)}
        known["password"] = Secret(known["password"])
        KINDS[kind].operations.register(**known, context=context())
        address = reverse("api:server", args=[kind, known["name"]])
        return Response(self.shown(kind, known["name"]), CREATED, headers={"Location": address})


class SharedServer(_Servers):
    @extend_schema(responses={200: ServerShape})
    def get(self, _request: Request, kind: str, name: str) -> Response:
        """Show a shared server."""
        self.require(Right.VIEW)
        return Response(self.shown(kind, name))

    @extend_schema(responses={204: None})
    def delete(self, _request: Request, kind: str, name: str) -> Response:
        """Remove a shared server that no instance uses; destroy its host if Ocim created it."""
        self.require(Right.CONFIGURE)
        self.shown(kind, name)
        KINDS[kind].operations.remove(name=name, context=context())
        return Response(status=NO_CONTENT)


class CancelServer(_Servers):
    @extend_schema(request=Nothing, responses={202: JobShape})
    def post(self, request: Request, kind: str, name: str) -> Response:
        """Stop the creation of a shared server."""
        self.require(Right.CONFIGURE)
        self.shown(kind, name)
        read(Nothing, request)
        job = shared_servers.cancel(KINDS[kind].operations.find(name))
        job.refresh_from_db()
        return self.accepted(job)


class ServerLog(_Servers):
    @extend_schema(responses={200: page_of(LogLine)})
    def get(self, request: Request, kind: str, name: str) -> Response:
        """List the lines of the log of a shared server's creation, oldest first."""
        self.require(Right.VIEW)
        self.shown(kind, name)
        lease = KINDS[kind].operations.find(name).lease_id
        lines = LogEntry.objects.filter(job__lease_id=lease)
        return page(lines, request, line_facts, ordering=("id",))


class AssignBody(Body):
    """A shared server."""

    name = Text(help_text="Name of the server.")


class AssignBroker(ApiView):
    @extend_schema(request=AssignBody, responses={204: None})
    def put(self, request: Request, instance_id: int) -> Response:
        """Place an instance without a broker server on one, from its next app server on."""
        instance = self.instance(instance_id, Right.CONFIGURE)
        server = broker_servers.find(read(AssignBody, request)["name"])
        brokers.assign(instance=instance, server=server, context=context())
        return Response(status=NO_CONTENT)


class RotateBrokerAccount(ApiView):
    @extend_schema(request=Nothing, responses={204: None})
    def post(self, request: Request, instance_id: int) -> Response:
        """Give an instance another account on its broker, from its next app server on."""
        instance = self.instance(instance_id, Right.CONFIGURE)
        read(Nothing, request)
        brokers.rotate(instance=instance)
        return Response(status=NO_CONTENT)


class AssignContentServer(ApiView):
    @extend_schema(request=AssignBody, responses={204: None})
    def put(self, request: Request, instance_id: int, software: str) -> Response:
        """Place an instance without a server of this kind on one, from its next app server on."""
        instance = self.instance(instance_id, Right.CONFIGURE)
        its: ContentKind = KINDS[software].operations
        server = its.find(read(AssignBody, request)["name"])
        content.assign(instance=instance, server=server, kind=its)
        return Response(status=NO_CONTENT)


class RotateContentAccount(ApiView):
    @extend_schema(request=Nothing, responses={204: None})
    def post(self, request: Request, instance_id: int, software: str) -> Response:
        """Give an instance another account or key, from its next app server on."""
        instance = self.instance(instance_id, Right.CONFIGURE)
        read(Nothing, request)
        content.rotate(instance=instance, kind=KINDS[software].operations)
        return Response(status=NO_CONTENT)


class RotateDatabaseAccounts(ApiView):
    @extend_schema(request=Nothing, responses={204: None})
    def post(self, request: Request, instance_id: int) -> Response:
        """Give an instance other accounts for its databases, from its next app server on."""
        instance = self.instance(instance_id, Right.CONFIGURE)
        read(Nothing, request)
        instance_databases.rotate(instance=instance, context=context())
        return Response(status=NO_CONTENT)


def _shown(server: Any) -> dict[str, object]:
    return {name.replace(" ", "_"): value for name, value in row(server).items()}
