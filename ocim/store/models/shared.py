"""Shared servers, which outlive instances: balancer, databases, broker, search, content."""

from django.db import models

from ocim.store.fields import EncryptedTextField
from ocim.store.models.lease import Leased
from ocim.store.models.server import Server


class SharedServer(models.Model):
    """A server on which Ocim places instances."""

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=20)
    accepts_new_clients = models.BooleanField(
        default=True, help_text="True if new instances may be placed on it."
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class NetworkServer(SharedServer):
    """A shared server that Ocim manages with an administrator's account."""

    host = models.CharField(max_length=255, blank=True)
    port = models.PositiveIntegerField(default=0)
    admin_user = models.CharField(max_length=64, blank=True)
    admin_password = EncryptedTextField(blank=True, default="")

    class Meta:
        abstract = True


class HostedServer(Leased, NetworkServer):
    """A shared server that Ocim can create, on a host of its own."""

    version = models.CharField(
        max_length=20, blank=True, help_text="Version of its software; empty: not known yet."
    )
    own_host = models.OneToOneField(
        Server,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        help_text="Host that Ocim created for it; empty: it was there before.",
    )

    class Meta:
        abstract = True


class DatabaseServer(HostedServer):
    """A server of instances' databases. Of kind `sqlite`: no host, but a directory of files."""

    directory = models.CharField(max_length=500, blank=True)
    tls = models.BooleanField(default=False)
    authority = models.TextField(
        blank=True, help_text="PEM certificate of its authority; empty: a public one."
    )

    @property
    def url(self) -> str:
        """URL without the account; of embedded databases, that of their directory."""
        if self.directory:
            return f"file://{self.directory}"
        return f"{self.kind}://{self.host}:{self.port}"


class BrokerServer(HostedServer):
    """A server of the instances' Celery queues. `port` is the one for messages."""

    api_port = models.PositiveIntegerField(
        default=0, help_text="Port of RabbitMQ's management; 0 for Redis."
    )
    tls = models.BooleanField(default=False, help_text="True if the management has TLS.")

    @property
    def url(self) -> str:
        """URL for messages, without account and virtual host."""
        scheme = "redis" if self.kind == "redis" else "amqp"
        return f"{scheme}://{self.host}:{self.port}"

    @property
    def api_url(self) -> str:
        """URL of RabbitMQ's management, with a slash at the end; empty for Redis."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{self.host}:{self.api_port}/" if self.api_port else ""


class SearchServer(HostedServer):
    """A server of course discovery's search indexes."""

    tls = models.BooleanField(default=False)

    @property
    def url(self) -> str:
        """URL without the account, with a slash at the end."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}/"


CREATED = (DatabaseServer, BrokerServer, SearchServer)
"""The kinds of servers that Ocim creates, which may have hosts of their own."""


class ContentServer(HostedServer):
    """A server of what Tutor's services keep beside their databases.

    No package brings its software, so that it is registered only, and `own_host` stays empty.
    """

    tls = models.BooleanField(default=False)

    class Meta:
        abstract = True

    @property
    def url(self) -> str:
        """URL without user, password and key."""
        raise NotImplementedError


class MongodbServer(ContentServer):
    """A server of courses' content, which is a document for each block."""

    @property
    def url(self) -> str:
        """URL without the account."""
        return f"mongodb://{self.host}:{self.port}"


class MeilisearchServer(ContentServer):
    """A server of the search in courses. `admin_password` is its master key."""

    @property
    def url(self) -> str:
        """URL without the key."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"


class LoadBalancingServer(SharedServer):
    """The load balancer, and how far it follows the database.

    Every change of the routing raises `wanted`. To apply the routing, a worker claims the row,
    reads `wanted`, configures the balancer, and sets `applied` to the number that it read.
    """

    version = models.PositiveBigIntegerField(
        default=0,
        help_text="Number of the last claim: the balancer refuses routes of an older claim.",
    )
    wanted = models.PositiveBigIntegerField(default=1)
    applied = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    error = EncryptedTextField(blank=True)
    claimed_by = models.CharField(max_length=100, blank=True)
    claimed_until = models.DateTimeField(null=True)
