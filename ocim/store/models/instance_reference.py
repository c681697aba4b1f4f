"""References of instances, with notes and holds; and tags."""

from django.conf import settings
from django.db import models

from ocim.store.fields import EncryptedTextField
from ocim.store.validators import validate_tag, validate_text, validate_unpadded


class InstanceReference(models.Model):
    """Notes, hold and archive mark of an instance, with the same id as the instance."""

    is_archived = models.BooleanField(default=False)
    notes = EncryptedTextField(
        blank=True, validators=[validate_text], help_text="Text for other operators."
    )
    organization = models.CharField(
        max_length=200,
        blank=True,
        validators=[validate_text, validate_unpadded],
        help_text="Customer whom the instance belongs to.",
    )
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    hold_reason = models.CharField(
        max_length=200, blank=True, help_text="Reason why rollouts leave it out; empty: no hold."
    )
    held_from = models.DateField(
        null=True, blank=True, help_text="First day of the hold; empty: it begins at once."
    )
    held_until = models.DateField(
        null=True,
        blank=True,
        help_text="Last day of the hold; empty: it lasts until it is released.",
    )
    created = models.DateTimeField(auto_now_add=True)
    modified = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return str(self.pk)


class InstanceTag(models.Model):
    """A tag of instances. Rollouts tag the instances that they upgraded."""

    name = models.CharField(max_length=100, unique=True, validators=[validate_tag])

    def __str__(self) -> str:
        return self.name
