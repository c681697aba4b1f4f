"""Content servers, MongoDB and Meilisearch: registered, shared by instances."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from ocim.catalog.variables.content import MEILISEARCH_KEY, MONGODB_PASSWORD
from ocim.core.content import ContentAccount
from ocim.core.errors import Conflict, ValidationError, gathered
from ocim.core.secrets import Secret
from ocim.operations import placement, shared_servers
from ocim.operations.context import Context
from ocim.operations.shared_servers import SharedKind
from ocim.store.content_specs import content_host, meilisearch_account, mongodb_account
from ocim.store.models import ContentServer, MeilisearchServer, MongodbServer, OpenEdXInstance


@dataclass(frozen=True, slots=True)
class ContentKind(SharedKind):
    """Description of a kind of content server, with what operators do with them."""

    ports: Mapping[str, int]
    """The usual port by scheme of the URL that operators name."""
    example: str
    user: str
    """Usual user that creates others; empty: the server knows no users, but a master key."""
    account: Callable[[OpenEdXInstance, int], ContentAccount | None]
    """Return the instance's account of a generation; 0: the present one."""
    variable: str
    """Variable that an app server has the account's password by."""
    collections: tuple[str, str]
    """Word for what holds documents there, as singular and plural."""

    @property
    def server_field(self) -> str:
        """Field of the instance with its server."""
        return f"{self.kind}_server"

    @property
    def generation_field(self) -> str:
        """Field of the instance with the number of its account."""
        return f"{self.kind}_generation"

    def register(
        self,
        *,
        name: str,
        url: str,
        password: Secret,
        user: str = "",
        tls: bool = False,
        context: Context,
    ) -> ContentServer:
        """Register an existing server, after a connection to it.

        `tls` is MongoDB's alone, since its URL does not tell. Raise ValidationError with every
        fault of name and URL, and TransientError or PermanentError if the server does not answer,
        rejects the account, or cannot be shared.
        """
        *_, address = gathered(
            lambda: placement.require_name(name),
            lambda: placement.require_user(user),
            lambda: placement.address_of(url, self.ports, example=self.example),
        )
        if "," in address.host:
            raise ValidationError([f"{url!r} names several servers. Name the primary alone."])
        server: ContentServer = self.model(
            name=name,
            kind=self.kind,
            host=address.host,
            port=address.port,
            tls=tls or address.scheme == "https",
            admin_user=user if self.user else "",
            admin_password=password.reveal(),
        )
        same = self.model._default_manager.filter(host=server.host, port=server.port).first()
        if same:
            raise Conflict(f"{server.url} is the {self.what} {same} already.")
        server.version = self.examine(server, context)
        placement.enter(server, self.what)
        return server

    def request_creation(self, **_asked: Any) -> NoReturn:
        """Raise Conflict: no package that Ocim may install brings the software."""
        raise Conflict(
            f"Ocim creates no {self.what}: no package of Debian brings it.",
            remedy=f"Install one, and register it with `{self.command} register`.",
        )

    def remove(self, *, name: str, context: Context) -> ContentServer:
        """Forget a server. Raise Conflict if an instance, archived or not, uses it."""
        server = self.find(name)
        shared_servers.remove(
            server,
            require_unused=partial(placement.require_unused, server),
            show=f"{self.command} show {server}",
            context=context,
        )
        return server

    def find(self, name: str) -> ContentServer:
        """Return the server with this name. Raise Conflict if there is none."""
        server: ContentServer = placement.find(
            self.model, name, what=self.what, command=self.command
        )
        return server


def _examine(server: ContentServer, context: Context) -> str:
    return context.adapters.content[server.kind].examine(content_host(server))


MONGODB = ContentKind(
    what="MongoDB server",
    model=MongodbServer,
    kind="mongodb",
    command="ocim mongodb-server",
    examine=_examine,
    ports={"mongodb": 27017},
    example="mongodb://mongodb.example.com:27017",
    user="ocim",
    account=mongodb_account,
    variable=MONGODB_PASSWORD,
    collections=("collection", "collections"),
)
MEILISEARCH = ContentKind(
    what="Meilisearch server",
    model=MeilisearchServer,
    kind="meilisearch",
    command="ocim meilisearch-server",
    examine=_examine,
    ports={"https": 443, "http": 7700},
    example="https://meilisearch.example.com",
    user="",
    account=meilisearch_account,
    variable=MEILISEARCH_KEY,
    collections=("index", "indexes"),
)
KINDS = (MONGODB, MEILISEARCH)
"""The kinds of content servers; an instance of Tutor has one of each."""
