"""Log lines of app servers, as they happened."""

from django.db import models

from ocim.store.fields import EncryptedTextField
from ocim.store.models.appserver import OpenEdXAppServer


class LogEntry(models.Model):
    """One line. Secrets were taken out before it was written."""

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
