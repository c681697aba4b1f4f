"""App servers: each is one host, provisioned from one frozen set of variables."""

from django.db import models
from django.db.models import Q

from ocim.core.instance import ALWAYS, Service
from ocim.core.provisioning import ANSIBLE
from ocim.core.states import AppServerState
from ocim.store.fields import EncryptedJSONField, EncryptedTextField, RepositoryUrlField
from ocim.store.models.constraints import choices, only
from ocim.store.models.deployment import Deployment
from ocim.store.models.instance import OpenEdXInstance
from ocim.store.models.server import Server


class OpenEdXAppServer(models.Model):
    """An app server of an instance, past ones included. Its configuration never changes."""

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
    provisioner = models.CharField(
        max_length=20, default=ANSIBLE, help_text="Kind of the provisioner that configures it."
    )
    configuration_source_repo_url = RepositoryUrlField(max_length=1000)
    configuration_version = models.CharField(max_length=250)
    configuration_playbook_name = models.CharField(max_length=100, blank=True)
    configuration_commit = models.CharField(
        max_length=250,
        blank=True,
        help_text="Commit of that version when the app server was provisioned.",
    )
    image = models.CharField(
        max_length=100, blank=True, help_text="Image from which its host was created; empty: none."
    )
    one_port = models.BooleanField(
        default=False, help_text="True if its host serves all services at port 80, by name."
    )
    optional_services = models.JSONField(
        default=list, blank=True, help_text="Services on it besides LMS and studio."
    )
    effective_variables = EncryptedTextField(
        help_text="Frozen layers of variables, as JSON that marks secrets."
    )

    failure = EncryptedTextField(
        blank=True, help_text="Reason of the failure, most telling line first."
    )
    evidence = EncryptedJSONField(
        default=list, blank=True, help_text="Responses that made the last health check fail."
    )
    healthy_since = models.DateTimeField(
        null=True,
        help_text="Start of the time in which every look found the active app server healthy.",
    )
    unhealthy_since = models.DateTimeField(
        null=True, help_text="Start of the time in which no look found it healthy."
    )
    unhealthy_reason = EncryptedTextField(blank=True, help_text="Fault that the last look found.")
    created = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True, help_text="Time when its state became running.")
    activated_at = models.DateTimeField(null=True)
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
        indexes = (
            models.Index(fields=["state", "instance"], name="appserver_state"),
            models.Index(fields=["instance"], condition=Q(is_active=True), name="active_appserver"),
            models.Index(
                fields=["instance"],
                condition=Q(is_active=True, unhealthy_since__isnull=False),
                name="unhealthy_appserver",
            ),
        )

    def __str__(self) -> str:
        return f"app server {self.pk}"

    @property
    def services(self) -> frozenset[Service]:
        """Services that run on it. Those of the instance may have changed since."""
        return ALWAYS | {Service(name) for name in self.optional_services}
