"""An instance's variables: as they would be now, and frozen on an app server."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ocim.catalog.secrets.masking import hidden_again
from ocim.catalog.variables.effective import (
    BY_OPERATORS,
    FLEET,
    OPERATOR,
    ORGANIZATION,
    effective,
)
from ocim.catalog.variables.jwt import JwtKeys
from ocim.core.content import unknown_account
from ocim.core.differences import differences
from ocim.core.instance import Database
from ocim.core.policy import Policy
from ocim.core.secrets import Secret
from ocim.core.variables import Effective, Layer, from_plain, merge, to_plain
from ocim.parsing.extra_settings import (
    SHARED,
    WHERE,
    check_extra_settings,
    check_together,
)
from ocim.store.models import OpenEdXAppServer, OpenEdXInstance, SharedSettings
from ocim.store.specs import instance_spec


def effective_variables(
    instance: OpenEdXInstance,
    policy: Policy,
    *,
    databases: Mapping[str, Database] | None = None,
) -> Effective:
    """Return the variables of an app server that is spawned now.

    `databases` are copies, which replace the instance's own; then it has no access to its content
    servers, of which there is no copy. Raise ValidationError with every fault.
    """
    texts = [(name, SHARED, text) for name, text in _shared(instance)]
    texts.append((OPERATOR, WHERE, instance.configuration_extra_settings))
    written = [Layer(name, check_extra_settings(text, where=where)) for name, where, text in texts]
    check_together(merge(written).values, [(where, text) for _, where, text in texts])
    return _effective(instance, written, policy, databases)


def generated_variables(instance: OpenEdXInstance, policy: Policy) -> Effective:
    """Return the variables without the operators' settings, but with the services they enable."""
    return _effective(instance, [], policy)


def _shared(instance: OpenEdXInstance) -> list[tuple[str, str]]:
    """Return layers and texts of the settings that the instance shares with others, lowest first.

    That is one query, unless the instance was loaded with them.
    """
    owners = sorted({"", instance.ref_set.organization})
    if (texts := instance.shared_texts) is None:
        rows = SharedSettings.objects.filter(organization__in=owners)
        texts = dict(rows.values_list("organization", "text"))
    return [
        (ORGANIZATION if owner else FLEET, text) for owner in owners if (text := texts.get(owner))
    ]


def _effective(
    instance: OpenEdXInstance,
    written: Sequence[Layer],
    policy: Policy,
    databases: Mapping[str, Database] | None = None,
) -> Effective:
    spec = instance_spec(instance, policy)
    if databases:
        spec = replace(
            spec,
            databases=databases,
            mongodb=unknown_account(spec.mongodb),
            meilisearch=unknown_account(spec.meilisearch),
        )
    return effective(
        spec,
        written,
        seed=instance.secret_seed.encode(),
        jwt_keys=JwtKeys(Secret(instance.jwt_private_key), instance.jwt_public_keys),
    )


def serialize(variables: Effective) -> str:
    """Return the variables as the text that an app server stores. It holds secrets: encrypt it."""
    return json.dumps(to_plain(variables))


def deserialize(appserver: OpenEdXAppServer) -> Effective:
    """Return the variables that the app server was or is provisioned with."""
    return thawed(appserver.effective_variables)


def thawed(frozen: str) -> Effective:
    """Return the variables from the text of `serialize`, with newly known secrets hidden, too."""
    return hidden_again(from_plain(json.loads(frozen)), BY_OPERATORS)


def changes_since(instance: OpenEdXInstance, variables: Effective) -> list[dict[str, Any]]:
    """Return the differences from the instance's newest app server, with secrets masked."""
    newest = instance.appserver_set.order_by("-id").first()
    if newest is None:
        return []
    return [
        {
            "path": list(difference.path),
            "old": _shown(difference.old),
            "new": _shown(difference.new),
        }
        for difference in differences(deserialize(newest).values, variables.values)
    ]


def _shown(value: object) -> Any:
    return json.loads(json.dumps(value, default=str))
