"""Servers that instances share and that outlive them: balancer, databases, broker, search."""

from django.db import models

from ocim.store.fields import EncryptedTextField
from ocim.store.models.server import Server


class SharedServer(models.Model):
    """A server that instances are given a place on."""

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=20)
    accepts_new_clients = models.BooleanField(
        default=True, help_text="Whether new instances may be placed on it."
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class NetworkServer(SharedServer):
    """A shared server that is reached with an administrator's account."""

    host = models.CharField(max_length=255, blank=True)
    port = models.PositiveIntegerField(default=0)
    admin_user = models.CharField(max_length=64, blank=True)
    admin_password = EncryptedTextField(blank=True, default="")

    class Meta:
        abstract = True


class DatabaseServer(NetworkServer):
    """Holds instance databases. For `sqlite`, `host` is empty and files lie below `directory`."""

    directory = models.CharField(max_length=500, blank=True)


class BrokerServer(NetworkServer):
    """Carries the instances' Celery messages."""


class SearchServer(NetworkServer):
    """Holds Course Discovery's indexes; `version` is empty until it has been examined.

    `made_on` is the host that Ocim made it on; empty for one that was there before.
    """

    version = models.CharField(max_length=20, blank=True)
    tls = models.BooleanField(default=False)
    made_on = models.OneToOneField(
        Server, null=True, blank=True, on_delete=models.PROTECT, related_name="search_server"
    )

    @property
    def url(self) -> str:
        """Without account, with a slash at the end."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}/"


class LoadBalancingServer(SharedServer):
    """The balancer. What it should serve follows from the database; `wanted` counts changes.

    A change of anything that routing depends on raises `wanted`; whoever applies the routing
    claims the row, reads `wanted`, applies, and then sets `applied` to what it read.
    """

    wanted = models.PositiveBigIntegerField(default=1)
    applied = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    error = EncryptedTextField(blank=True)
    claimed_by = models.CharField(max_length=100, blank=True)
    claimed_until = models.DateTimeField(null=True)
