"""Settings that all instances share, or those of an organization."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.bodies import Body, read
from ocim.api.etags import etag, require_match
from ocim.api.instances import IF_MATCH
from ocim.api.schema import SECRETS
from ocim.api.shapes import Number, Text
from ocim.api.views import ApiView
from ocim.core.access import Right
from ocim.operations import shared_settings
from ocim.operations.instance_settings import without_secrets
from ocim.parsing.extra_settings import SHARED
from ocim.store.models import SharedSettings
from ocim.wiring import context

ORGANIZATION = OpenApiParameter(
    "organization", str, description="Organization (default: the whole fleet)."
)


class SettingsShape(serializers.Serializer[Any]):
    """Shared settings."""

    organization = Text(help_text="Empty: all instances.")
    text = Text(
        help_text="Variables of Ansible or Tutor as YAML; secrets are masked unless asked for."
    )
    version = Number(help_text="Number of changes so far.")
    instances = Number(help_text="Number of instances that share them.")


class NewSettings(Body):
    """New settings, all of them."""

    text = Text(
        allow_blank=True, trim_whitespace=False, help_text="Variables of Ansible or Tutor as YAML."
    )


class Settings(ApiView):
    @extend_schema(parameters=[ORGANIZATION, SECRETS], responses={200: SettingsShape})
    def get(self, request: Request) -> Response:
        """Show the settings that all instances share, or those of an organization."""
        organization = request.query_params.get("organization", "")
        self.require(Right.VIEW, organization)
        secrets = self.wants_secrets(request, organization)
        return _answer(shared_settings.read(organization), secrets=secrets)

    @extend_schema(
        parameters=[ORGANIZATION, IF_MATCH], request=NewSettings, responses={200: SettingsShape}
    )
    def put(self, request: Request) -> Response:
        """Replace the settings, for new app servers."""
        organization = request.query_params.get("organization", "")
        self.require(Right.CONFIGURE, organization)
        with transaction.atomic():
            present = shared_settings.read(organization)
            require_match(request, _etag(present))
            row = shared_settings.change(
                organization=organization,
                text=read(NewSettings, request)["text"],
                version=present.version,
                context=context(),
            )
        return _answer(row)


def _etag(row: SharedSettings) -> str:
    return etag([row.organization, row.version])


def _answer(row: SharedSettings, *, secrets: bool = False) -> Response:
    shown = {
        "organization": row.organization,
        "text": row.text if secrets else without_secrets(row.text, where=SHARED),
        "version": row.version,
        "instances": shared_settings.sharing(row.organization).count(),
    }
    return Response(shown, headers={"ETag": _etag(row)})
