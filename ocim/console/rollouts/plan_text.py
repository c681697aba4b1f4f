"""A plan in words, for those who say yes to it."""

from ocim.catalog.secrets.masking import mask_sql
from ocim.console.output import Output
from ocim.core.texts import plural
from ocim.operations.instance_settings import EXTRA_SETTINGS
from ocim.operations.rollouts.plan import Item, Plan
from ocim.operations.rollouts.variables import short, together
from ocim.presentation.words import whom


def tell_plan(plan: Plan, out: Output) -> None:
    """Every instance with what changes, the SQL, and what is left out, and why."""
    out.say(
        f"Tag: {plan.request.tag}   {plural(len(plan.items), 'instance')}   plan {plan.hash[:12]}",
        style="bold",
    )
    for item in plan.items:
        wave = f"   (wave {item.wave + 1})" if item.wave else ""
        out.say(f"  {item.label}{wave}")
        for line in _fields(item):
            out.say(f"      {line}")
    _tell_variables(plan, out)
    for statement in plan.request.sql:
        out.say(f"SQL: {mask_sql(statement)}")
    for label, reason in plan.left_out:
        out.say(f"Left out: {label}: {reason}.", style="yellow")


def _tell_variables(plan: Plan, out: Output) -> None:
    """What the new app servers are given that those that serve are not, told once for all."""
    for labels, lines in together({item.label: item.variables for item in plan.items}):
        if lines:
            out.say(f"Variables that change in {whom(labels, len(plan.items))}:", style="bold")
        else:
            out.say(f"No variable changes in {whom(labels, len(plan.items))}.")
        for line in lines:
            out.say(f"      {line}")


def _fields(item: Item) -> list[str]:
    return [
        f"{name}: {_field(name, item.before[name])} → {_field(name, new)}"
        for name, new in item.after.items()
        if item.before[name] != new
    ]


def _field(name: str, value: object) -> str:
    if name == EXTRA_SETTINGS:  # passwords may be in it
        return f"({len(str(value).splitlines())} lines)"
    return short(value)
