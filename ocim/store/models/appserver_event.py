"""Events of active app servers that nobody asked for."""

from django.db import models

from ocim.core.states import AppServerEventKind
from ocim.store.fields import EncryptedTextField
from ocim.store.models.appserver import OpenEdXAppServer
from ocim.store.models.constraints import choices, only
from ocim.store.models.job import Job
from ocim.store.models.notice import NoticedEvent


class AppServerEvent(NoticedEvent):
    """Death, recovery or replacement of an active app server."""

    appserver = models.ForeignKey(OpenEdXAppServer, on_delete=models.CASCADE, related_name="events")
    job = models.ForeignKey(
        Job,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Job that caused the event.",
    )
    created_at = models.DateTimeField()
    kind = models.CharField(max_length=40, choices=choices(AppServerEventKind))
    reason = EncryptedTextField(blank=True)

    class Meta:
        constraints = (
            only(AppServerEventKind, field="kind", name="known_appserver_event_kind"),
            models.UniqueConstraint(
                fields=["job", "kind"], name="an_appserver_event_once_in_a_job"
            ),
        )

    def __str__(self) -> str:
        return f"app server {self.appserver_id} {self.kind}"
