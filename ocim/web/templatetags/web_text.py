"""Template filters for states, variables and texts."""

import json
import re
from typing import Any

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from ocim.catalog.secrets.masking import mask_text, masked_place
from ocim.core import variables
from ocim.core.access import Access
from ocim.core.secrets import masked, without_credentials
from ocim.core.states import RolloutState
from ocim.core.variables import Key
from ocim.store.audit import may_read

register = template.Library()


@register.filter
def words(name: str) -> str:
    """Return a state's name with spaces instead of dashes."""
    return str(name).replace("-", " ")


@register.filter
def administers(access: Access) -> bool:
    """Return True if somebody administers an organization, or the whole fleet."""
    return may_read(access)


@register.filter
def thousands(number: int) -> str:
    """Return a number with commas between thousands."""
    return f"{number:,}"


@register.filter
def rollout_state(state: str) -> str:
    """Return a rollout's state in words; "under way" because "running" is what app servers are."""
    return "under way" if state == RolloutState.RUNNING else state


@register.filter
def value(anything: Any) -> str:
    """Return a variable's value with secrets masked: a text unchanged, other values as JSON."""
    shown = masked_place("", masked(anything))
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False, default=str)


@register.filter
def dotted(path: list[Key]) -> str:
    """Return the name of a variable in nested mappings: `outer.inner`."""
    return variables.dotted(path)


@register.filter
def first_line(text: str) -> str:
    """Return the first line of a text, with secrets masked."""
    return mask_text(str(text).strip()).partition("\n")[0]


@register.filter
def repository(url: str) -> str:
    """Return a repository's URL without user name and password."""
    return without_credentials(url)


@register.filter
def unsecret(text: Any) -> str:
    """Return a text with secrets masked, also those in texts from before masking was added."""
    return mask_text(str(text))


@register.filter
def with_code(text: Any) -> SafeString:
    """Return a text, escaped, in which each command between backticks is marked as code."""
    html = conditional_escape(str(text))  # some messages have links
    return mark_safe(re.sub("`([^`]+)`", r"<code>\1</code>", html))  # noqa: S308 - escaped
