"""An instance → the variables with which its next app server is provisioned."""

from collections.abc import Mapping, Sequence
from typing import Any

from ocim.catalog import lms
from ocim.catalog.jwt import JwtKeys
from ocim.catalog.secret_names import with_secrets_hidden
from ocim.catalog.templates import is_template
from ocim.core.errors import BadInput
from ocim.core.secrets import revealed
from ocim.core.spec import Instance
from ocim.core.variables import Effective, Layer, merge


def effective(
    instance: Instance, extra: Mapping[str, Any], *, seed: bytes, jwt_keys: JwtKeys
) -> Effective:
    """Everything that is generated for the instance, under its `configuration_extra_settings`.

    `extra` is what `check_extra_settings` made of them, `seed` the instance's own. BadInput names
    every value of the instance itself that Ansible would take for a template, and so might run.
    """
    generated = layers(instance, seed=seed, jwt_keys=jwt_keys)
    _require_plain(generated)
    operator = Layer("configuration_extra_settings", with_secrets_hidden(extra))
    return merge([*generated, operator])


def layers(instance: Instance, *, seed: bytes, jwt_keys: JwtKeys) -> list[Layer]:
    """What is generated, the lowest layer first."""
    return [
        Layer("defaults", lms.defaults(instance)),
        Layer("databases", lms.databases(instance)),
        Layer("storage", lms.storage(instance)),
        Layer("secrets", lms.secrets(instance, seed=seed, jwt_keys=jwt_keys)),
        Layer("services", lms.services(instance)),
    ]


def _require_plain(generated: Sequence[Layer]) -> None:
    faults = [
        f"{leaf.path[0]}: what the instance gives for it would be run as a template."
        for leaf in merge(generated).leaves
        if isinstance(text := revealed(leaf.value), str) and is_template(text)
    ]
    if faults:
        raise BadInput(
            faults,
            remedy="Take {{, {% and {# out of the instance's name, addresses and versions;"
            " templates belong in configuration_extra_settings.",
        )
