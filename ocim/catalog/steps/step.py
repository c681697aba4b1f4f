"""Types of the set-up steps of ecommerce and discovery: inputs, observations and actions.

A set-up step is done once per instance; its result lies in the databases of the services. The flags
of the commands, which depend on the release, are in `releases`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ocim.catalog.releases import Traits, of_instance, traits
from ocim.catalog.shop.shop import Shop, shop_of
from ocim.core.instance import Instance, Service
from ocim.core.provisioning import TUTOR
from ocim.core.secrets import Secret

Fields = dict[str, Any]
Observation = Mapping[str, Any]
"""Result of a step's observer: `fields`, and other values that its `actions` need."""


@dataclass(frozen=True, slots=True)
class StepInputs:
    """Inputs of all steps."""

    instance: Instance
    variables: Mapping[str, Any]
    """Effective variables, with secrets as Secrets."""
    fingerprint: Callable[[Secret], str]
    """Function from a secret to a text that identifies it without disclosing it."""

    @property
    def traits(self) -> Traits:
        """Traits of the instance's release."""
        return traits(of_instance(self.instance))

    @property
    def by_tutor(self) -> bool:
        """True if Tutor provisions the app server."""
        return self.instance.configuration_source_repo_url == TUTOR

    def worker(self, service: Service) -> str:
        """Return the name of the user with which the service calls the LMS."""
        return f"{service.value}_worker"

    @property
    def shop(self) -> Shop:
        """Shop of the instance."""
        return shop_of(self.instance, self.variables)

    @property
    def shop_services(self) -> list[Service]:
        """Ecommerce and discovery, as far as the instance has them."""
        return [service for service in (Service.ECOMMERCE, Service.DISCOVERY) if self.has(service)]

    def has(self, service: Service) -> bool:
        """Return True if the instance has the service."""
        return service in self.instance.services

    def secret(self, name: str) -> Secret:
        """Return the value of a variable as a Secret, even if it is a template."""
        value = self.variables.get(name, "")
        return value if isinstance(value, Secret) else Secret(str(value))


@dataclass(frozen=True, slots=True)
class Script:
    """Function of `programs`, for which no command exists; `words` instruct a person."""

    service: Service
    function: str
    arguments: Mapping[str, Any]
    words: str


@dataclass(frozen=True, slots=True)
class Command:
    """Management command of a service; Secrets among its words are masked in output."""

    service: Service
    words: tuple[str | Secret, ...]
    then: Script | None = None
    """Script of the same service that runs the command (its argument `argv`) before its work.

    Either both take effect or neither does, wherever the process dies.
    """


def flag_words(flags: list[str], values: Fields) -> list[str | Secret]:
    """Return `--flag=value` for each flag, since a value may start with a dash.

    Return the flag alone for True.
    """
    words: list[str | Secret] = []
    for flag in flags:
        value = values[flag]
        if value is True:
            words.append(flag)
        elif isinstance(value, Secret):
            words.append(Secret(f"{flag}={value.reveal()}"))
        else:
            words.append(f"{flag}={value}")
    return words


@dataclass(frozen=True, slots=True)
class Crontab:
    """Job for root's crontab on the app server."""

    name: str
    line: str


StepAction = Command | Script | Crontab
"""Action of a step on an app server."""


@dataclass(frozen=True, slots=True)
class Step:
    """Set-up step."""

    name: str
    about: str
    services: frozenset[Service]
    """Services that need the step: an instance with any of them does."""
    observed_by: Service | None
    """Service whose shell runs the observer; None: Ocim observes by itself."""
    observer: str
    """Function of `programs` that returns the Observation, or a name of Ocim's own observer."""
    wanted: Callable[[StepInputs], Fields]
    """Values that the fields shall have."""
    observer_arguments: Callable[[StepInputs], Mapping[str, Any]]
    """Arguments of the observer."""
    actions: Callable[[StepInputs, Fields, Observation], list[StepAction]]
    """Actions that set these fields, after that observation."""
    essential: Callable[[str], bool] = lambda _field: True
    """True for fields that the service needs in order to work."""
    public: bool = False
    """True if the step must wait until the app server is active.

    It must if it needs the LMS at its public address, or if it changes data that the previous app
    server (maybe of another release) still reads.
    """
    in_crontab: bool = False
    """True if the step adds a job to a crontab, which containers have not."""
    reads_others: bool = False
    """True if it asks the other services, so that the steps of these must be over before."""
