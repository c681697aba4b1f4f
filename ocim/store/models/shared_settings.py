"""Settings that several instances share."""

from django.db import models

from ocim.store.fields import EncryptedTextField


class SharedSettings(models.Model):
    """Ansible variables in YAML for all instances, or for those of an organization."""

    organization = models.CharField(
        max_length=200, unique=True, blank=True, help_text="Empty: all instances."
    )
    text = EncryptedTextField(blank=True)
    version = models.PositiveIntegerField(
        default=0, help_text="Number of changes, by which an edit notices another one."
    )
    changed_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=250, blank=True)

    class Meta:
        verbose_name_plural = "shared settings"

    def __str__(self) -> str:
        return self.organization or "the whole fleet"
