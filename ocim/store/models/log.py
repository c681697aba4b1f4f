"""Logs of app servers."""

from django.db import models

from ocim.store.fields import EncryptedTextField
from ocim.store.models.appserver import OpenEdXAppServer


class LogEntry(models.Model):
    """A line of an app server's log, without secrets."""

    appserver = models.ForeignKey(
        OpenEdXAppServer, on_delete=models.CASCADE, related_name="log_entries"
    )
    time = models.DateTimeField()
    level = models.CharField(max_length=10)
    text = EncryptedTextField()
    task = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=20, blank=True)
    seconds = models.FloatField(null=True)

    class Meta:
        indexes = (models.Index(fields=["appserver", "id"], name="log_of_appserver"),)

    def __str__(self) -> str:
        return self.text
