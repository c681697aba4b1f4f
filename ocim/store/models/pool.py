"""Machines of the operator's pool that serve a host, or must not be used."""

from django.db import models

from ocim.store.fields import EncryptedTextField


class PoolMachine(models.Model):
    """A machine of the pool, by the name that the pool's file gives it."""

    name = models.CharField(max_length=100, unique=True)
    host = models.CharField(
        max_length=100, blank=True, help_text="Host that it serves; empty: none."
    )
    description = models.JSONField(
        null=True, help_text="Fields of the machine as it was lent; null: not complete yet."
    )
    is_stopped = models.BooleanField(default=False)
    cleaning = models.CharField(
        max_length=32, blank=True, help_text="Token of the attempt to clean it that began last."
    )
    is_kept_out = models.BooleanField(default=False, help_text="True if it must not be used.")
    reason = EncryptedTextField(blank=True, help_text="Reason why it must not be used.")

    class Meta:
        indexes = (models.Index(fields=["host"], name="pool_machine_host"),)

    def __str__(self) -> str:
        return self.name
