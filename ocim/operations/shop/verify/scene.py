"""The subject of all checks: an app server, its services' addresses, and ways to call them."""

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
from ocim.ports.browsers import Browser
from ocim.store.models import OpenEdXAppServer
from ocim.store.specs import appserver_spec


@dataclass
class Scene:
    """App server, seen through the balancer as by its users, and through its shells."""

    appserver: OpenEdXAppServer
    context: Context

    @cached_property
    def instance(self) -> Instance:
        """Settings of the instance when the app server was spawned."""
        return appserver_spec(self.appserver, self.context.policy)

    @cached_property
    def variables(self) -> Mapping[str, Any]:
        """Variables that the app server was provisioned with."""
        return deserialize(self.appserver).values

    @cached_property
    def shop(self) -> Shop:
        """Shop: partner, currency and payment processors."""
        return shop_of(self.instance, self.variables)

    @cached_property
    def traits(self) -> Traits:
        """Traits of its release."""
        return traits(of_instance(self.instance))

    def has(self, service: Service) -> bool:
        """Return True if the service runs on the app server."""
        return service in self.appserver.services

    def url(self, service: Service, path: str = "") -> str:
        """Return the public URL of a service's path."""
        return f"{public_url(self.instance, service)}{path}"

    def browser(self) -> AbstractContextManager[Browser]:
        """Return a browser with no cookies."""
        policy = self.context.policy
        return self.context.adapters.browsers.open(
            self.instance.domains.all(), f"{policy.balancer_address}:{policy.https_port}"
        )

    def call_all(self, *calls: remote.Call) -> list[Any]:
        """Return the calls' results, or their OcimErrors. Services work side by side."""
        return remote.call_all(self.appserver, calls, self.context)

    def call(self, service: Service, function: str, **arguments: Any) -> Any:
        """Return the result of one of Ocim's programs, run by the service on the app server."""
        return remote.call(self.appserver, service, function, arguments, self.context)

    def backend_client(self, service: Service) -> tuple[str, Secret]:
        """Return id and secret with which a service calls the LMS in its own name."""
        is_single = "backend" not in self.traits.clients_per_service
        use = "SOCIAL_AUTH_EDX_OIDC" if is_single else "BACKEND_SERVICE_EDX_OAUTH2"
        prefix = f"{service.value.upper()}_{use}"
        secret = self.variables.get(f"{prefix}_SECRET", "")
        known = secret if isinstance(secret, Secret) else Secret(str(secret))
        return str(self.variables.get(f"{prefix}_KEY", "")), known

    @property
    def name(self) -> str:
        """Name of the instance for commands."""
        return self.instance.domains.lms

    @property
    def repair(self) -> str:
        """Advice for steps that are pending or changed by hand."""
        return (
            f"`ocim services status {self.name}` says what is owed or has drifted, and the"
            " command that mends it."
        )

    def again(self, step: str) -> str:
        """Return the command that runs a set-up step again."""
        return f"`ocim services setup {self.name} --step {step} --force`"
