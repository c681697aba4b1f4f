"""App servers: one host provisioned from one frozen set of variables."""

from django.db import models
from django.db.models import Q

from ocim.core.instance import ALWAYS, Service
from ocim.core.states import AppServerState
from ocim.store.fields import EncryptedJSONField, EncryptedTextField, RepositoryUrlField
from ocim.store.models.constraints import choices, only
from ocim.store.models.deployment import Deployment
from ocim.store.models.instance import OpenEdXInstance
from ocim.store.models.server import Server


class OpenEdXAppServer(models.Model):
    """What serves an instance, or did, or shall. Its configuration never changes."""

    instance = models.ForeignKey(
        OpenEdXInstance, on_delete=models.CASCADE, related_name="appserver_set"
    )
    deployment = models.ForeignKey(
        Deployment, null=True, on_delete=models.SET_NULL, related_name="appserver_set"
    )
    server = models.OneToOneField(
        Server, null=True, on_delete=models.PROTECT, related_name="appserver"
    )
    state = models.CharField(
        max_length=20,
        choices=choices(AppServerState),
        default=AppServerState.NEW.value,
    )
    is_active = models.BooleanField(default=False)

    openedx_release = models.CharField(max_length=100)
    edx_platform_commit = models.CharField(max_length=250)
    configuration_source_repo_url = RepositoryUrlField(max_length=1000)
    configuration_version = models.CharField(max_length=250)
    configuration_playbook_name = models.CharField(max_length=100)
    configuration_commit = models.CharField(
        max_length=250, blank=True, help_text="What the version stood for when it was provisioned."
    )
    image = models.CharField(
        max_length=100, blank=True, help_text="What its host was made from; empty: nothing."
    )
    behind_nginx = models.BooleanField(
        default=False, help_text="Its services are reached through its nginx, and told by name."
    )
    optional_services = models.JSONField(
        default=list, blank=True, help_text="What it was given besides LMS and studio."
    )
    effective_variables = EncryptedTextField(
        help_text="The frozen layers, as JSON in which secrets are marked."
    )

    failure = EncryptedTextField(blank=True, help_text="Why it failed, most telling line first.")
    evidence = EncryptedJSONField(
        default=list, blank=True, help_text="The responses that made the last gate fail."
    )
    healthy_since = models.DateTimeField(
        null=True, help_text="While it is active: since when every look found it well."
    )
    unhealthy_since = models.DateTimeField(null=True, help_text="… or since when none did.")
    unhealthy_reason = EncryptedTextField(blank=True, help_text="What the last look found wrong.")
    created = models.DateTimeField(auto_now_add=True)
    running_since = models.DateTimeField(null=True)
    active_since = models.DateTimeField(null=True)
    deactivated_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    terminated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            only(AppServerState, name="known_appserver_state"),
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(state=AppServerState.RUNNING.value),
                name="only_running_appservers_are_active",
            ),
        )
        indexes = (models.Index(fields=["state"], name="appserver_state"),)

    def __str__(self) -> str:
        return f"app server {self.pk}"

    @property
    def services(self) -> frozenset[Service]:
        """What runs on it: the instance's settings may have changed since."""
        return ALWAYS | {Service(name) for name in self.optional_services}
