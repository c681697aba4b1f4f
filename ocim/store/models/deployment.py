"""Deployments: records of who spawned app servers, why, and with which changes."""

from django.conf import settings
from django.db import models

from ocim.store.fields import EncryptedJSONField
from ocim.store.models.instance import OpenEdXInstance


class Deployment(models.Model):
    """A request for new app servers of an instance."""

    instance = models.ForeignKey(OpenEdXInstance, on_delete=models.CASCADE)
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    reason = models.CharField(max_length=500, blank=True)
    changes = EncryptedJSONField(
        default=list,
        help_text="Variables that differ from the previous app server: path, old, new.",
    )
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"deployment {self.pk} of {self.instance_id}"
