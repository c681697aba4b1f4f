"""What every check is given: an app server, where its services are, and how they are asked."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ocim.catalog.endpoints import public_url
from ocim.catalog.releases import Traits, of_instance, traits
from ocim.catalog.shop.shop import Shop, shop_of
from ocim.core.instance import Instance, Service
from ocim.core.secrets import Secret
from ocim.operations.context import Context
from ocim.operations.effective import deserialize
from ocim.operations.shop import remote
from ocim.ports import Browser
from ocim.store.models import OpenEdXAppServer
from ocim.store.specs import appserver_spec


@dataclass
class Scene:
    """One app server, seen through the balancer as by people, and through its shells."""

    appserver: OpenEdXAppServer
    context: Context

    @cached_property
    def instance(self) -> Instance:
        """As the app server was made, whatever the instance is to be now."""
        return appserver_spec(self.appserver, self.context.policy)

    @cached_property
    def variables(self) -> Mapping[str, Any]:
        """Those that it was provisioned with."""
        return deserialize(self.appserver).values

    @cached_property
    def shop(self) -> Shop:
        """What is sold, for what, and how it is paid."""
        return shop_of(self.instance, self.variables)

    @cached_property
    def traits(self) -> Traits:
        """What its release does in a way of its own."""
        return traits(of_instance(self.instance))

    def has(self, service: Service) -> bool:
        """Whether the service runs on it."""
        return service in self.appserver.services

    def url(self, service: Service, path: str = "") -> str:
        """The public address of something."""
        return f"{public_url(self.instance, service)}{path}"

    def browser(self) -> AbstractContextManager[Browser]:
        """A visitor who knows nobody yet."""
        policy = self.context.policy
        return self.context.adapters.browsers.open(
            self.instance.domains.all(), f"{policy.balancer_address}:{policy.https_port}"
        )

    def call_all(self, *calls: remote.Call) -> list[Any]:
        """What several return, or the OcimErrors that they end in; services work side by side."""
        return remote.call_all(self.appserver, calls, self.context)

    def call(self, service: Service, function: str, **given: Any) -> Any:
        """What one of Ocim's programs returns, run by the service on the app server."""
        return remote.call(self.appserver, service, function, given, self.context)

    def backend_client(self, service: Service) -> tuple[str, Secret]:
        """Id and secret with which a service calls the LMS on its own behalf."""
        one = "backend" not in self.traits.clients_per_service
        use = "SOCIAL_AUTH_EDX_OIDC" if one else "BACKEND_SERVICE_EDX_OAUTH2"
        prefix = f"{service.value.upper()}_{use}"
        secret = self.variables.get(f"{prefix}_SECRET", "")
        known = secret if isinstance(secret, Secret) else Secret(str(secret))
        return str(self.variables.get(f"{prefix}_KEY", "")), known

    @property
    def name(self) -> str:
        """How commands name the instance."""
        return self.instance.domains.lms

    @property
    def repair(self) -> str:
        """What an operator does about steps that are not done, or undone."""
        return (
            f"`ocim services status {self.name}` says what is owed or has drifted, and the"
            " command that mends it."
        )

    def again(self, step: str) -> str:
        """The command that does one of the one-time steps again."""
        return f"`ocim services setup {self.name} --step {step} --force`"
