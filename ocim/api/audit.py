"""The audit log: who changed what, from where."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.paging import LARGEST, SIZE, address, size_of
from ocim.api.schema import page_of
from ocim.api.shapes import Number, Text, Time
from ocim.api.views import ApiView
from ocim.core.access import Right
from ocim.core.actors import ActorKind
from ocim.core.audit import AuditFilter
from ocim.core.errors import ValidationError
from ocim.store import audit

FILTERS = [
    OpenApiParameter(name, kind, description=text)
    for name, kind, text in (
        ("since", str, "First time, in UTC: 2026-05-04T12:00."),
        ("until", str, "Time before which the entries are."),
        ("actor", str, "Name of an account or of an operating system's user."),
        ("action", str, "Action, or its first part: instance.change, rollout."),
        ("target", str, "Part of a target's name, or its kind and id: rollout:12."),
        ("instance", int, "Id of an instance: its changes, and those of its app servers."),
        ("after", str, "Place in the list, from `next`."),
        ("limit", int, f"Number of results (default: {SIZE}; at most {LARGEST})."),
    )
]
NAMES = tuple(parameter.name for parameter in FILTERS)


class ActorShape(serializers.Serializer[Any]):
    """The person or program that changed something."""

    kind = serializers.ChoiceField(list(ActorKind))
    name = Text()
    address = Text(help_text="Address, or machine, that the request came from.")


class TargetShape(serializers.Serializer[Any]):
    """The object that was changed."""

    kind = Text()
    id = Text()
    name = Text()


class AuditEntryShape(serializers.Serializer[Any]):
    """A change."""

    id = Number()
    time = Time()
    actor = ActorShape()
    action = Text()
    target = TargetShape()
    instance = Number(allow_null=True)
    organization = Text()
    before = serializers.DictField(help_text="Old values of what changed, with masked secrets.")
    after = serializers.DictField(help_text="New values of what changed, with masked secrets.")


class Audit(ApiView):
    @extend_schema(parameters=FILTERS, responses={200: page_of(AuditEntryShape)})
    def get(self, request: Request) -> Response:
        """List changes, newest first; an admin of an organization sees those of its own."""
        self.require_somewhere(Right.ADMINISTER)
        texts = {name: str(value) for name, value in request.query_params.items()}
        if unknown := sorted(texts.keys() - set(NAMES)):
            known = ", ".join(NAMES)
            raise ValidationError([f"{name}: unknown. Filters: {known}." for name in unknown])
        entries = audit.filtered(audit.readable(self.access), AuditFilter.parse(texts))
        page = audit.page(entries, after=texts.get("after", ""), size=size_of(request))
        return Response(
            {
                "next": address(request, after=page.after),
                "previous": None,
                "results": list(map(audit.facts, page.entries)),
            }
        )
