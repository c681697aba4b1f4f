"""Values and states in words."""

import json
from typing import Any

from django import template

from ocim.catalog.secrets.masking import mask_text, masked_place
from ocim.core.secrets import masked, without_credentials
from ocim.core.states import RolloutState

register = template.Library()


@register.filter
def words(name: str) -> str:
    """A state's name as people write it."""
    return str(name).replace("-", " ")


@register.filter
def rollout_state(state: str) -> str:
    """A rollout's state as pages say it: `running` is what app servers are."""
    return "under way" if state == RolloutState.RUNNING else state


@register.filter
def value(anything: Any) -> str:
    """A variable's value, secrets masked: texts as they are, the rest as JSON."""
    shown = masked_place("", masked(anything))
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False, default=str)


@register.filter
def dotted(path: list[str]) -> str:
    """The name of a variable within mappings."""
    return ".".join(path)


@register.filter
def first_line(text: str) -> str:
    """What is said first."""
    return mask_text(str(text).strip()).partition("\n")[0]


@register.filter
def repository(url: str) -> str:
    """Where something comes from; who may fetch it there is nobody's business."""
    return without_credentials(url)


@register.filter
def unsecret(text: Any) -> str:
    """Return the text without secrets: what was written before they were known may hold some."""
    return mask_text(str(text))
