"""Instances: listed, created, shown, changed and deleted."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.bodies import require_object
from ocim.api.etags import etag, is_known, require_match
from ocim.api.paging import LARGEST, SIZE, address, size_of
from ocim.api.schema import SECRETS, page_of
from ocim.api.shapes import InstanceChanges, InstanceRow, InstanceShape, NewInstance
from ocim.api.views import CREATED, NO_CONTENT, ApiView
from ocim.core.access import FLEET, Right
from ocim.core.errors import ValidationError, gathered
from ocim.core.fleet_filter import ORDERS, FleetFilter, Health
from ocim.core.instance import ALWAYS, Service
from ocim.core.states import InstanceState
from ocim.operations import instances
from ocim.operations.instance_settings import (
    DATABASE_SERVER,
    OF_REFERENCE,
    SETTABLE,
    with_defaults,
)
from ocim.presentation import instances as shown
from ocim.store import fleet, selectors
from ocim.store.models import OpenEdXInstance
from ocim.tasks import enqueue
from ocim.wiring import context, current_time, instance_defaults

OPTIONAL = sorted(service.value for service in set(Service) - ALWAYS)
SORTS = [f"{dash}{order}" for order in ORDERS for dash in ("", "-")]
NUMBERS = frozenset({"openedx_appserver_count"})
OF_VERSION = ("state", "held", "maintenance", "appservers", "not_well", "in_work", "url", "uploads")
"""Facts that are no settings: an ETag does not change with them."""
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="ETag of the version that is changed, from the answer to a GET; `*`: any.",
)
ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=True,
    description="Version of the settings; send it in `If-Match`.",
)


FILTERS = [
    *(
        OpenApiParameter(name, kind, many=many, enum=enum, description=text)
        for name, kind, many, enum, text in (
            ("q", str, False, None, "Words in the name, a domain or the organization, or an id."),
            ("release", str, True, None, "Releases."),
            ("tag", str, True, None, "Tags."),
            ("service", str, True, OPTIONAL, "Optional services that are enabled."),
            ("provisioner", str, True, None, "Kinds of provisioners."),
            ("provider", str, True, None, "Kinds of hosts."),
            ("state", str, True, list(InstanceState), "States (default: all but archived)."),
            ("organization", str, True, None, "Organizations."),
            ("health", str, True, list(Health), "Health of instances on the web."),
            ("held", str, False, ("yes", "no"), "Has a hold, or has none."),
            ("maintenance", str, False, ("yes", "no"), "Visitors see a maintenance page, or not."),
            ("id", int, True, None, "Ids."),
            ("sort", str, False, SORTS, "Order (default: name); a dash turns it round."),
            ("after", str, False, None, "Place in the list, from `next`."),
            ("before", str, False, None, "Place in the list, from `previous`."),
            ("limit", int, False, None, f"Number of results (default: {SIZE}; at most {LARGEST})."),
        )
    )
]
"""Parameters of the list: those of FleetFilter, and the page."""


class Instances(ApiView):
    """The fleet."""

    @extend_schema(responses={200: page_of(InstanceRow)}, parameters=FILTERS)
    def get(self, request: Request) -> Response:
        """List the instances that a filter selects: the same as on the fleet's page."""
        self.require_somewhere(Right.VIEW)
        query = dict(request.query_params.lists())
        chosen = FleetFilter.parse(query, besides=("before", "after", "limit"))
        now = current_time()
        rows = fleet.filtered(OpenEdXInstance.objects.all(), chosen, now=now)
        page = fleet.page(
            selectors.visible(rows, self.access),
            chosen.sort,
            before=request.query_params.get("before", ""),
            after=request.query_params.get("after", ""),
            size=size_of(request),
        )
        of_page = selectors.instances(archived=True).filter(pk__in=page.ids)
        instances = {instance.pk: instance for instance in of_page}
        results = [
            {**shown.row(instance, now), "organization": instance.ref_set.organization}
            for pk in page.ids
            if (instance := instances.get(pk))
        ]
        return Response(
            {
                "next": address(request, after=page.after),
                "previous": address(request, before=page.before),
                "results": results,
            }
        )

    @extend_schema(request=NewInstance, responses={201: InstanceShape})
    def post(self, request: Request) -> Response:
        """Create an instance.

        Settings that are left out get the installation's defaults.
        """
        self.require_somewhere(Right.CONFIGURE)
        fields = require_object(request)
        organization = fields.get("organization", FLEET)
        self.require(Right.CONFIGURE, organization if isinstance(organization, str) else FLEET)

        def create(typed: Mapping[str, Any]) -> tuple[OpenEdXInstance, Any]:
            return instances.create(
                fields=with_defaults(typed, instance_defaults(), context()),
                context=context(),
                creator_id=request.user.pk,
            )

        instance, actions = _with_all_faults(fields, create, also=(DATABASE_SERVER,))
        enqueue(actions)
        headers = {"Location": reverse("api:instance", args=[instance.pk])}
        return answer_of(instance.pk, status=CREATED, headers=headers)


class Instance(ApiView):
    """A single instance."""

    @extend_schema(parameters=[SECRETS, ETAG], responses={200: InstanceShape, 304: None})
    def get(self, request: Request, instance_id: int) -> Response:
        """Show an instance with its settings."""
        instance = self.instance(instance_id, Right.VIEW)
        secrets = self.wants_secrets(request, instance.ref_set.organization)
        answer = answer_of(instance.pk, secrets=secrets)
        if is_known(request, answer["ETag"]):
            return Response(None, 304, headers={"ETag": answer["ETag"]})
        return answer

    @extend_schema(parameters=[IF_MATCH], request=InstanceChanges, responses={200: InstanceShape})
    def patch(self, request: Request, instance_id: int) -> Response:
        """Change settings of an instance, for new app servers."""
        instance = self.instance(instance_id, Right.OPERATE)
        changes = require_object(request)
        self._require_organization(instance, changes)

        def change(typed: Mapping[str, Any]) -> tuple[OpenEdXInstance, Any]:
            return instances.change(instance_id=instance.pk, changes=typed, context=context())

        with transaction.atomic():
            OpenEdXInstance.objects.select_for_update().get(pk=instance.pk)
            require_match(request, _etag(instance.pk))
            _, actions = _with_all_faults(changes, change)
        enqueue(actions)
        return answer_of(instance.pk)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, instance_id: int) -> Response:
        """Delete an archived instance with its databases, for good."""
        instance = self.instance(instance_id, Right.CONFIGURE)
        enqueue(instances.delete(instance_id=instance.pk, context=context()))
        return Response(status=NO_CONTENT)

    def _require_organization(self, instance: OpenEdXInstance, changes: Mapping[str, Any]) -> None:
        """Raise PermissionDenied if an instance moves to or from a foreign organization."""
        new = changes.get("organization", instance.ref_set.organization)
        if new != instance.ref_set.organization:
            self.require(Right.CONFIGURE, instance.ref_set.organization)
            self.require(Right.CONFIGURE, new if isinstance(new, str) else FLEET)


def _facts(instance_id: int, *, secrets: bool = False) -> dict[str, Any]:
    facts = shown.facts(instance_id, secrets=secrets)
    return {name.replace(" ", "_"): value for name, value in facts.items()}


def _version(facts: Mapping[str, Any]) -> str:
    return etag({name: value for name, value in facts.items() if name not in OF_VERSION})


def _etag(instance_id: int) -> str:
    return _version(_facts(instance_id, secrets=True))


def answer_of(
    instance_id: int, *, secrets: bool = False, status: int = 200, headers: Any = None
) -> Response:
    """Return the answer with an instance. Its ETag changes with secrets, too, shown or not."""
    whole = _facts(instance_id, secrets=True)
    facts = whole if secrets else _facts(instance_id)
    return Response(facts, status, headers={**(headers or {}), "ETag": _version(whole)})


def _with_all_faults(
    fields: Mapping[str, Any],
    act: Callable[[Mapping[str, Any]], tuple[OpenEdXInstance, Any]],
    *,
    also: tuple[str, ...] = (),
) -> tuple[OpenEdXInstance, Any]:
    """Return what `act` does with fields; raise ValidationError with faults of types, too.

    Then nothing is done.
    """
    faults = _faults_of_types(fields, also)
    typed = {name: value for name, value in fields.items() if name not in faults}
    if not faults:
        return act(typed)

    def refuse() -> None:
        raise ValidationError(list(faults.values()))

    try:
        with transaction.atomic():
            gathered(lambda: act(typed), refuse)
    except ValidationError as error:
        others = [fault for fault in error.faults if fault.field not in faults]
        raise ValidationError([*faults.values(), *others]) from None
    raise AssertionError


def _faults_of_types(fields: Mapping[str, Any], also: tuple[str, ...]) -> dict[str, str]:
    faults = {}
    for name, value in fields.items():
        if name in NUMBERS:
            if type(value) is not int:
                faults[name] = f"{name}: {value!r} is no whole number."
        elif name == "tags":
            if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
                faults[name] = f"{name}: must be a list of texts."
        elif name in (*SETTABLE, *OF_REFERENCE, *also) and not isinstance(value, str):
            faults[name] = f"{name}: {value!r} is no text."
    return faults
