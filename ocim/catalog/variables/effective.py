"""Effective variables of an instance's next app server."""

from collections.abc import Mapping, Sequence
from typing import Any

from ocim.catalog.releases import of_instance
from ocim.catalog.secrets.masking import with_secrets_hidden
from ocim.catalog.shop import currency
from ocim.catalog.templates import is_template
from ocim.catalog.variables import (
    beside,
    brokers,
    content,
    discovery,
    ecommerce,
    lms,
    mail,
    oauth,
    search,
    services,
    uploads,
    versions,
    worker,
)
from ocim.catalog.variables.host_name import require_other_host_name
from ocim.catalog.variables.jwt import JwtKeys
from ocim.catalog.variables.pairs import followed
from ocim.catalog.variables.since import unknown_to
from ocim.core.errors import ValidationError
from ocim.core.instance import Instance, Service
from ocim.core.secrets import Secret, revealed
from ocim.core.variables import Effective, Layer, merge

OPERATOR = "configuration_extra_settings"
"""Name of the layer with the operator's own settings."""
FLEET = "fleet_settings"
"""Name of the layer with the operators' settings for all instances."""
ORGANIZATION = "organization_settings"
"""Name of the layer with the operators' settings for the instances of an organization."""
BY_OPERATORS = (FLEET, ORGANIZATION, OPERATOR)
"""Layers that operators write, lowest first. All of them override what Ocim generates."""
PAIRS = "pairs"
"""Name of the layer with variables that follow others."""


def effective(
    instance: Instance, written: Sequence[Layer], *, seed: bytes, jwt_keys: JwtKeys
) -> Effective:
    """Return the generated variables of the instance, overridden by what operators have written.

    `written` are layers of `BY_OPERATORS`, lowest first, whose values `check_extra_settings` has
    returned; `seed` is the seed of the instance's secrets; `instance.services` must be the services
    that the instance's own layer enables. Raise ValidationError if a value
    of the instance itself is a template, which Ansible would run, or if COMMON_HOSTNAME would cut
    the services off from the LMS.
    """
    generated = layers(instance, seed=seed, jwt_keys=jwt_keys)
    _require_plain(generated)
    own = [Layer(layer.name, with_secrets_hidden(layer.values)) for layer in written]
    hidden = own[0].values if len(own) == 1 else merge(own).values
    require_other_host_name(revealed(hidden), instance.domains)
    if begins := content.replaced(hidden):
        generated = [
            Layer(each.name, {k: v for k, v in each.values.items() if not k.startswith(begins)})
            for each in generated
        ]
    names = {name for layer in generated for name in layer.values}
    following = followed(hidden, generated=names) | uploads.followed(hidden)
    if Service.DISCOVERY in instance.services:
        following |= search.followed(hidden, instance)
    values = merge([*generated, Layer(PAIRS, following), *own]).values
    following |= {
        name: value
        for name, value in worker.settings(instance, values).items()
        if values[name] != value
    }
    return merge([*generated, Layer(PAIRS, following), *own])


def layers(instance: Instance, *, seed: bytes, jwt_keys: JwtKeys) -> list[Layer]:
    """Return the generated layers, lowest first, without variables unknown to the release."""
    unknown = unknown_to(of_instance(instance))
    return [
        Layer(name, {key: value for key, value in values.items() if key not in unknown})
        for name, values in _generated(instance, seed, jwt_keys).items()
    ]


def _generated(instance: Instance, seed: bytes, jwt_keys: JwtKeys) -> dict[str, dict[str, Any]]:
    everywhere: dict[str, dict[str, Any]] = {
        "defaults": lms.defaults(instance)
        | versions.versions(instance)
        | beside.demo_people(instance)
        | mail.edxapp(instance),
        "databases": lms.databases(instance),
        "brokers": brokers.edxapp(instance),
        "search": {},
        "content": content.tutor(instance),
        "storage": lms.storage(instance),
        "secrets": lms.secrets(seed, jwt_keys) | beside.secrets(seed) | oauth.clients(seed),
        "services": services.switches(instance) | services.addresses(instance),
    }
    if instance.currency:
        everywhere["services"] |= currency.variables(instance.currency)
    if Service.ECOMMERCE in instance.services:
        everywhere["defaults"] |= ecommerce.defaults(instance) | mail.ecommerce(instance)
        everywhere["databases"] |= ecommerce.databases(instance)
        everywhere["brokers"] |= brokers.ecommerce(instance)
        everywhere["secrets"] |= ecommerce.secrets(seed)
        everywhere["services"] |= ecommerce.payment(instance, seed)
    if Service.DISCOVERY in instance.services:
        everywhere["defaults"] |= discovery.defaults(instance) | mail.discovery(instance)
        everywhere["databases"] |= discovery.databases(instance)
        everywhere["search"] |= search.discovery(instance)
        everywhere["storage"] |= discovery.storage(instance)
        everywhere["secrets"] |= discovery.secrets(seed)
        everywhere["services"] |= discovery.cron(instance)
    flat = {name: value for values in everywhere.values() for name, value in values.items()}
    everywhere["services"] |= worker.settings(instance, flat)
    return everywhere


def _require_plain(generated: Sequence[Layer]) -> None:
    faults = [
        f"{name}: Ansible would run its value as a template."
        for layer in generated
        for name, value in layer.values.items()
        if _holds_template(value)
    ]
    if faults:
        raise ValidationError(
            faults,
            remedy="Remove {{, {% and {# from the instance's name, addresses and versions; write"
            " templates in configuration_extra_settings.",
        )


def _holds_template(value: Any) -> bool:
    match value:
        case str():
            return is_template(value)
        case Secret():
            return is_template(value.reveal())
        case list():
            return any(map(_holds_template, value))
        case Mapping():
            return any(map(_holds_template, value.values()))
    return False
