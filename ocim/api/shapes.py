"""Shapes of answers: the names and types that the description of the API has of them."""

from typing import Any

from rest_framework import serializers

from ocim.core.states import AppServerState, JobState
from ocim.operations.instance_settings import DATABASE_SERVER, OF_REFERENCE, SETTABLE
from ocim.store.models import OpenEdXInstance
from ocim.store.selectors import STATUSES

Text = serializers.CharField
Number = serializers.IntegerField
Flag = serializers.BooleanField
Time = serializers.DateTimeField


class Texts(serializers.ListField):
    child = Text()


class JobShape(serializers.Serializer[Any]):
    """A job: work that a worker does."""

    id = Number()
    kind = Text()
    does = Text(help_text="What it does, in words.")
    state = serializers.ChoiceField([state.value for state in JobState])
    step = Text(help_text="Its current step.")
    error = Text(help_text="Why it failed; empty: it did not.")
    instance = Number(allow_null=True, help_text="Id of the instance that it works on.")
    appservers = serializers.ListField(child=Number(), help_text="Ids of the app servers.")
    attempts = Number(help_text="Number of workers that took it up.")
    cancel_requested = Flag()
    created = Time()
    ended = Time(allow_null=True)


class InstanceRow(serializers.Serializer[Any]):
    """An instance in the list."""

    id = Number()
    name = Text()
    domain = Text()
    state = serializers.ChoiceField(list(STATUSES))
    active = Number(help_text="Number of app servers that serve it.")
    release = Text()
    held = Text(help_text="Reason and days of its hold; empty: rollouts include it.")
    organization = Text()


FACTS = (
    "id",
    "state",
    "held",
    "maintenance",
    "url",
    "tags",
    "organization",
    "notes",
    "created",
    "uploads",
    "database_name",
    "database_server",
    "broker_server",
    "search_server",
    "mongodb_server",
    "meilisearch_server",
    "appservers",
    "not_well",
    "in_work",
)
"""Facts of an instance besides its settings."""


class InstanceShape(serializers.ModelSerializer[OpenEdXInstance]):
    """An instance with its settings."""

    id = Number()
    state = serializers.ChoiceField(list(STATUSES))
    held = Text(help_text="Reason and days of its hold; empty: rollouts include it.")
    maintenance = Text(help_text="Text that visitors see instead of the site; empty: none.")
    url = Text(help_text="Address of its LMS.")
    tags = Texts()
    organization = Text()
    notes = Text()
    created = Time()
    uploads = Texts(help_text="Where its uploads go, by service.")
    database_name = Text()
    database_server = Text()
    broker_server = Text(allow_null=True)
    search_server = Text(allow_null=True)
    mongodb_server = Text(allow_null=True)
    meilisearch_server = Text(allow_null=True)
    appservers = Texts(help_text="Its newest app servers, with their states.")
    not_well = Texts(help_text="Active app servers that do not answer well, with the reasons.")
    in_work = Texts(help_text="Its jobs that are not over.")

    class Meta:
        model = OpenEdXInstance
        fields = (*FACTS, *SETTABLE)


class InstanceChanges(serializers.ModelSerializer[OpenEdXInstance]):
    """Settings of an instance; those that are left out stay as they are."""

    tags = Texts()
    organization = Text(allow_blank=True, max_length=200)
    notes = Text(allow_blank=True)

    class Meta:
        model = OpenEdXInstance
        fields = (*SETTABLE, "tags", *OF_REFERENCE)


class NewInstance(InstanceChanges):
    """Settings of a new instance; others than the domain have defaults."""

    database_server = Text(
        required=False, help_text="Name of the server of its databases; it cannot be changed later."
    )

    class Meta(InstanceChanges.Meta):
        fields = (*InstanceChanges.Meta.fields, DATABASE_SERVER)
        extra_kwargs = {  # noqa: RUF012
            name: {"required": False} for name in SETTABLE if name != "internal_lms_domain"
        }


class AppServerRow(serializers.Serializer[Any]):
    """An app server in the list."""

    id = Number()
    instance = Text(help_text="Domain of its instance.")
    state = serializers.ChoiceField([state.value for state in AppServerState])
    active = Flag()
    release = Text()
    host = Text(help_text="Address of its host; empty: it has none.")
    failure = Text(help_text="First line of the reason of its failure.")


class AppServerShape(serializers.Serializer[Any]):
    """An app server with its facts."""

    id = Number()
    instance = Text()
    state = serializers.ChoiceField([state.value for state in AppServerState])
    active = Flag()
    failure = Text()
    host = Text(allow_null=True)
    openedx_release = Text()
    edx_platform_commit = Text()
    provisioner = Text(help_text="Kind of the provisioner that configures it.")
    configuration = Text(help_text="Configuration repository and version; `tutor` and its version.")
    configuration_commit = Text()
    image = Text()
    created = Time()
    active_since = Time(allow_null=True)
    well_since = Time(required=False, allow_null=True)
    not_well_since = Time(required=False, allow_null=True)
    not_well = Text(required=False)
    evidence = serializers.JSONField(help_text="Responses that made the last health check fail.")
    preview = Text(required=False, help_text="Address before it serves.")
    preview_login = Text(required=False)


class LogLine(serializers.Serializer[Any]):
    """A line of a log, without secrets."""

    id = Number()
    time = Time()
    level = Text()
    task = Text()
    status = Text()
    seconds = serializers.FloatField(allow_null=True)
    text = Text()


class VariableShape(serializers.Serializer[Any]):
    """A variable of an app server, with the layer that its value comes from."""

    path = serializers.ListField(help_text="Name, and keys within its value.")
    value = serializers.JSONField(allow_null=True)
    layer = Text()
