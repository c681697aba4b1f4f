"""A plan as a file, which people read and `--plan` carries out later.

People send and keep it, so its readable part has no secrets. The whole plan is sealed in it:
encrypted with the master key.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ocim.core.errors import PermanentError, ValidationError
from ocim.operations.rollouts.masking import shown
from ocim.operations.rollouts.plan import Item, Plan
from ocim.operations.rollouts.request import read_request
from ocim.operations.rollouts.variables import without_values
from ocim.store.fields import decrypt, encrypt

REMAKE = "Make it again with --plan-out."


def to_json(plan: Plan) -> dict[str, Any]:
    """Return what a file has of the plan: its request and its instances, readable and sealed."""
    whole = {
        "request": plan.request.as_options(),
        "items": [asdict(item) for item in plan.items],
        "moves": dict(plan.moves),
    }
    sealed = encrypt(json.dumps(whole, default=str))
    return {**_readable(whole), "left_out": plan.left_out, "hash": plan.hash, "sealed": sealed}


def from_json(document: Mapping[str, Any]) -> Plan:
    """Return the plan that a file has.

    Raise ValidationError if it is no plan, or somebody changed it.
    """
    try:
        whole = json.loads(decrypt(document["sealed"]))
        items = tuple(Item(**item) for item in whole["items"])
        plan = Plan(read_request(whole["request"]), items, moves=whole["moves"])
        readable = json.loads(json.dumps(_readable(whole), default=str))
        is_whole = plan.hash == document["hash"] and all(
            document[name] == value for name, value in readable.items()
        )
    except PermanentError:
        raise ValidationError(
            ["The plan was changed after it was made, or made with another master key."],
            remedy=REMAKE,
        ) from None
    except KeyError as missing:
        raise ValidationError(
            [f"This is not a plan: it has no {missing}."], remedy=REMAKE
        ) from None
    except (AttributeError, TypeError, ValueError) as error:
        raise ValidationError([f"This is not a plan: {error}."]) from None
    if not is_whole:
        raise ValidationError(["The plan was changed after it was made."], remedy=REMAKE)
    return plan


def _readable(whole: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "request": {name: shown(name, value) for name, value in whole["request"].items()},
        "items": [_readable_item(item) for item in whole["items"]],
        "moves": whole["moves"],
    }


def _readable_item(item: Mapping[str, Any]) -> dict[str, Any]:
    sides = {side: shown("", item[side]) for side in ("before", "after")}
    return {**item, **sides, "variables": [without_values(change) for change in item["variables"]]}
