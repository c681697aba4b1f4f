"""Variables of app servers, with the layer that each comes from; and lint of settings."""

import re
from dataclasses import replace
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.bodies import Body, read
from ocim.api.problems import placed
from ocim.api.schema import SECRETS, Place
from ocim.api.shapes import Text, Texts, VariableShape
from ocim.api.views import ApiView
from ocim.core.access import Right
from ocim.core.errors import Conflict, ValidationError
from ocim.core.places import bundled
from ocim.core.provisioning import ConfigurationSource
from ocim.core.secrets import masked, revealed, without_credentials
from ocim.core.variables import Effective
from ocim.operations.effective import deserialize, effective_variables
from ocim.operations.lint import lint
from ocim.parsing.extra_settings import check_extra_settings, warnings_of
from ocim.presentation.configuration import changes
from ocim.store.models import SHARED_SERVERS, OpenEdXAppServer, OpenEdXInstance
from ocim.store.validators import validate_configuration_url, validate_version
from ocim.wiring import context

LAYER = OpenApiParameter("layer", str, description="Show one layer's variables (default: all).")
SIDES = [
    OpenApiParameter(
        name,
        {"type": "string", "pattern": "^(instance|appserver):[0-9]{1,18}$"},
        required=True,
        description="instance:ID, as its next app server would be, or appserver:ID.",
    )
    for name in ("old", "new")
]
_SIDE = re.compile(r"(?P<kind>instance|appserver):(?P<id>[0-9]{1,18})")
VARIABLES = {200: VariableShape(many=True)}


class ChangeShape(serializers.Serializer[Any]):
    """A difference between two sets of variables."""

    path = serializers.ListField(help_text="Name, and keys within its value.")
    change = serializers.ChoiceField(["added", "removed", "changed"])
    old = serializers.JSONField(required=False, allow_null=True)
    old_layer = Text(required=False)
    new = serializers.JSONField(required=False, allow_null=True)
    new_layer = Text(required=False)


class LintBody(Body):
    """A text to check."""

    text = Text(
        allow_blank=True,
        trim_whitespace=False,
        help_text="Ansible variables as YAML, as in configuration_extra_settings.",
    )


class AgainstBody(Body):
    """A configuration repository."""

    repository = Text(
        validators=[validate_configuration_url],
        help_text="URL of a git repository, or builtin for Ocim's own playbooks.",
    )
    version = Text(
        required=False,
        validators=[validate_version],
        help_text="Branch, tag or commit (default: the instance's).",
    )


class LintShape(serializers.Serializer[Any]):
    """Findings in a text."""

    faults = Place(many=True)
    warnings = Texts()


class Configuration(ApiView):
    @extend_schema(parameters=[SECRETS, LAYER], responses=VARIABLES)
    def get(self, request: Request, instance_id: int) -> Response:
        """Show the variables that the instance's next app server would get."""
        instance = self.instance(instance_id, Right.VIEW)
        secrets = self.wants_secrets(request, instance.ref_set.organization)
        return _answer(_of_new(instance.pk), request, secrets=secrets)


class AppServerConfiguration(ApiView):
    @extend_schema(parameters=[SECRETS, LAYER], responses=VARIABLES)
    def get(self, request: Request, appserver_id: int) -> Response:
        """Show the variables that an app server was created with."""
        appserver = self.appserver(appserver_id, Right.VIEW)
        secrets = self.wants_secrets(request, appserver.instance.ref_set.organization)
        return _answer(deserialize(appserver), request, secrets=secrets)


class ConfigurationChanges(ApiView):
    @extend_schema(responses={200: ChangeShape(many=True)})
    def get(self, _request: Request, instance_id: int) -> Response:
        """Show what a new app server changes, compared with the one that serves."""
        instance = self.instance(instance_id, Right.VIEW)
        live = OpenEdXAppServer.objects.filter(instance=instance).order_by("-is_active", "-id")
        if (appserver := live.first()) is None:
            raise Conflict(f"{instance} has no app server to compare with.")
        differing = changes(deserialize(appserver), _of_new(instance.pk))
        return Response([change.as_data() for change in differing])


class Differences(ApiView):
    @extend_schema(parameters=SIDES, responses={200: ChangeShape(many=True)})
    def get(self, request: Request) -> Response:
        """Compare the variables of two app servers, two instances, or one of each."""
        self.require_somewhere(Right.VIEW)
        texts = {name: request.query_params.get(name, "") for name in ("old", "new")}
        places = {name: _SIDE.fullmatch(text) for name, text in texts.items()}
        faults = [
            f"{name}: {texts[name]!r} must be instance:ID or appserver:ID."
            for name, place in places.items()
            if not place
        ]
        if faults:
            raise ValidationError(faults)
        old, new = (self._side(place) for place in places.values() if place)
        return Response([change.as_data() for change in changes(old, new)])

    def _side(self, place: re.Match[str]) -> Effective:
        """Return the variables. Raise Http404 if the object may not be viewed."""
        pk = int(place["id"])
        if place["kind"] == "instance":
            return _of_new(self.instance(pk, Right.VIEW).pk)
        self.appserver(pk, Right.VIEW)
        return deserialize(OpenEdXAppServer.objects.get(pk=pk))


class InstanceLint(ApiView):
    @extend_schema(responses={200: {"type": "object"}})
    def get(self, _request: Request, instance_id: int) -> Response:
        """Check an instance's variables against the built-in playbooks."""
        instance = self.instance(instance_id, Right.VIEW)
        report = lint(
            instance=_whole(instance.pk),
            directory=bundled("playbooks"),
            policy=context().policy,
        )
        return Response(report.as_data())

    @extend_schema(request=AgainstBody, responses={200: {"type": "object"}})
    def post(self, request: Request, instance_id: int) -> Response:
        """Check an instance's variables against a configuration repository, which is fetched."""
        instance = self.instance(instance_id, Right.OPERATE)
        wanted = read(AgainstBody, request)
        row = _whole(instance.pk)
        version = wanted.get("version", row.configuration_commit)
        source = ConfigurationSource(wanted["repository"], version, row.playbook_name)
        with context().adapters.configurations.files(source) as (exact, directory):
            report = lint(instance=row, directory=directory, policy=context().policy)
        where = f"{without_credentials(exact.repository_url)}@{exact.version}"
        return Response(replace(report, repository=where).as_data())


class Lint(ApiView):
    @extend_schema(request=LintBody, responses={200: LintShape})
    def post(self, request: Request) -> Response:
        """Check a text of configuration_extra_settings, before you set it."""
        self.require_somewhere(Right.VIEW)
        text = read(LintBody, request)["text"]
        faults: tuple[str, ...] = ()
        try:
            check_extra_settings(text)
        except ValidationError as error:
            faults = error.faults
        return Response({"faults": list(map(placed, faults)), "warnings": warnings_of(text)})


def _answer(variables: Effective, request: Request, *, secrets: bool) -> Response:
    layer = request.query_params.get("layer")
    if layer not in (None, *variables.layers):
        layers = ", ".join(variables.layers)
        raise ValidationError([f"layer: no layer {layer!r}."], remedy=f"Layers: {layers}.")
    show = revealed if secrets else masked
    return Response(
        [
            {"path": list(leaf.path), "value": show(leaf.value), "layer": leaf.layer}
            for leaf in variables.leaves
            if layer in (None, leaf.layer)
        ]
    )


def _of_new(instance_id: int) -> Effective:
    return effective_variables(_whole(instance_id), context().policy)


def _whole(instance_id: int) -> OpenEdXInstance:
    return OpenEdXInstance.objects.select_related("ref_set", *SHARED_SERVERS).get(pk=instance_id)
