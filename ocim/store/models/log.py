"""Logs of app servers, and of jobs on shared servers."""

from django.db import models
from django.db.models import Q

from ocim.store.fields import EncryptedTextField
from ocim.store.models.appserver import OpenEdXAppServer
from ocim.store.models.job import Job


class LogEntry(models.Model):
    """A line of the log of an app server or of a job on a shared server, without secrets."""

    appserver = models.ForeignKey(
        OpenEdXAppServer, null=True, on_delete=models.CASCADE, related_name="log_entries"
    )
    job = models.ForeignKey(Job, null=True, on_delete=models.CASCADE, related_name="log_entries")
    time = models.DateTimeField()
    level = models.CharField(max_length=10)
    text = EncryptedTextField()
    task = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=20, blank=True)
    seconds = models.FloatField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(appserver__isnull=False, job__isnull=True)
                | Q(appserver__isnull=True, job__isnull=False),
                name="log_entry_of_appserver_or_job",
            ),
        )
        indexes = (models.Index(fields=["appserver", "id"], name="log_of_appserver"),)

    def __str__(self) -> str:
        return self.text
