"""Hosts that Ocim requested from providers."""

from django.db import models

from ocim.core.states import ServerState
from ocim.store.models.constraints import choices, only


class Server(models.Model):
    """A host of a provider, which identifies it by `name`."""

    name = models.CharField(max_length=63, unique=True)
    provider = models.CharField(max_length=20)
    flavor = models.CharField(max_length=100, blank=True)
    address = models.CharField(max_length=255, blank=True)
    state = models.CharField(
        max_length=20,
        choices=choices(ServerState),
        default=ServerState.REQUESTED.value,
    )
    is_stopped = models.BooleanField(
        default=False, help_text="True if an operator stopped it: Ocim does not start it again."
    )
    created = models.DateTimeField(auto_now_add=True)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (only(ServerState, name="known_server_state"),)

    def __str__(self) -> str:
        return self.name
