"""The one-time steps of ecommerce and discovery, as data: what is owed, and the commands for it.

What each release's commands take is in `releases`; the order of `STEPS` is the one that works.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ocim.catalog.releases import Traits, of_instance, traits
from ocim.catalog.shop.shop import Shop, shop_of
from ocim.core.instance import Instance, Service
from ocim.core.secrets import Secret

Fields = dict[str, Any]
Observation = Mapping[str, Any]
"""What the program that observed came to: `fields`, and whatever `do` needs besides."""


@dataclass(frozen=True, slots=True)
class StepInputs:
    """All that steps depend on."""

    instance: Instance
    variables: Mapping[str, Any]
    """The effective ones, secrets as Secrets."""
    fingerprint: Callable[[Secret], str]
    """A secret → a text that says whether it is the same, and not what it is."""

    @property
    def traits(self) -> Traits:
        """What the release does its own way."""
        return traits(of_instance(self.instance))

    @property
    def shop(self) -> Shop:
        """What is sold, and for what."""
        return shop_of(self.instance, self.variables)

    def has(self, service: Service) -> bool:
        """Whether the instance has it."""
        return service in self.instance.services

    def secret(self, name: str) -> Secret:
        """A variable's value, hidden also where an operator wrote a template for it."""
        value = self.variables.get(name, "")
        return value if isinstance(value, Secret) else Secret(str(value))


@dataclass(frozen=True, slots=True)
class Command:
    """A management command of a service; Secrets among the words are kept out of sight."""

    service: Service
    words: tuple[str | Secret, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A function of `programs`, where there is no command; `words` tell a person the same."""

    service: Service
    function: str
    arguments: Mapping[str, Any]
    words: str


@dataclass(frozen=True, slots=True)
class Crontab:
    """A job for root's crontab on the app server."""

    name: str
    line: str


StepAction = Command | Script | Crontab


@dataclass(frozen=True, slots=True)
class Step:
    """What is owed once, and lies in the services' databases from then on."""

    name: str
    about: str
    services: frozenset[Service]
    """It is owed where the instance has one of them."""
    observed_by: Service | None
    """Whose shell runs `look`; None where Ocim looks by itself."""
    observer: str
    wanted: Callable[[StepInputs], Fields]
    observer_arguments: Callable[[StepInputs], Mapping[str, Any]]
    """For `look`."""
    actions: Callable[[StepInputs, Fields, Observation], list[StepAction]]
    """What sets those fields, after what was seen."""
    essential: Callable[[str], bool] = lambda _field: True
    """Without which fields the service does not work, if others have changed them."""
    public: bool = False
    """Whether it is done once the app server serves.

    So it is where it needs the LMS at its public address, or sets what the app server that served
    before, of another release maybe, still reads.
    """
