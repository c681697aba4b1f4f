"""Superusers of an instance's LMS."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.bodies import Body, read
from ocim.api.shapes import JobShape, Text
from ocim.api.views import ApiView
from ocim.core.access import Right
from ocim.operations import superusers
from ocim.wiring import context, queue_name


class SuperuserShape(serializers.Serializer[Any]):
    """A superuser of the LMS."""

    name = Text()
    email = Text()
    is_enabled = serializers.BooleanField(help_text="False: the user cannot sign in.")


class SuperuserBody(Body):
    """Address of a user of the LMS."""

    email = Text(
        required=False,
        allow_blank=True,
        help_text="The user is created with it if missing (default: no user is created).",
    )


class Superusers(ApiView):
    @extend_schema(responses={200: SuperuserShape(many=True)})
    def get(self, _request: Request, instance_id: int) -> Response:
        """List the superusers of the LMS, which is asked for them: that takes seconds."""
        instance = self.instance(instance_id, Right.CONFIGURE)
        return Response([asdict(user) for user in superusers.listed(instance, context())])


class Superuser(ApiView):
    @extend_schema(request=SuperuserBody, responses={202: JobShape})
    def put(self, request: Request, instance_id: int, username: str) -> Response:
        """Make a user of the LMS a superuser and staff."""
        instance = self.instance(instance_id, Right.CONFIGURE)
        email = read(SuperuserBody, request).get("email", "")
        job = superusers.request(
            instance, name=username, email=email, make=True, queue=queue_name()
        )
        return self.accepted(job)

    @extend_schema(responses={202: JobShape})
    def delete(self, _request: Request, instance_id: int, username: str) -> Response:
        """Take both away from a user of the LMS; the user stays."""
        instance = self.instance(instance_id, Right.CONFIGURE)
        job = superusers.request(instance, name=username, make=False, queue=queue_name())
        return self.accepted(job)
