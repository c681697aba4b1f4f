"""A plan as lines of text, for the person who confirms it."""

from collections.abc import Iterator

from ocim.catalog.secrets.masking import mask_sql
from ocim.core.sql import lacks_applied
from ocim.core.texts import listed, plural
from ocim.operations.instance_settings import EXTRA_SETTINGS
from ocim.operations.rollouts.plan import Item, Plan
from ocim.presentation.texts import StyledLine, whom
from ocim.presentation.variables import grouped, short


def plan_lines(plan: Plan) -> Iterator[StyledLine]:
    """Yield every instance with what changes, the SQL, and what is left out with the reason."""
    instances = plural(len(plan.items), "instance")
    yield f"Tag: {plan.request.tag}   {instances}   plan {plan.hash[:12]}", "bold"
    if plan.request.at:
        moment = f"{plan.request.at:%Y-%m-%d %H:%M} UTC"
        yield f"It begins at {moment}, and is planned anew then.", ""
    for item in plan.items:
        wave = f"   (wave {item.wave + 1})" if item.wave else ""
        yield f"  {item.label}{wave}", ""
        for line in _fields(item):
            yield f"      {line}", ""
    yield from _variables(plan)
    for statement in plan.request.sql:
        yield f"SQL: {mask_sql(statement)}", ""
    yield from _notes(plan)
    for label, reason in plan.left_out:
        yield f"Skipped {label}: {reason}.", "yellow"


def _notes(plan: Plan) -> Iterator[StyledLine]:
    """Yield what a strict database server needs of the SQL, and what a move to Tutor loses."""
    for text, labels in plan.moves.items():
        yield f"Note on {whom(labels, len(plan.items))}: {text}", "yellow"
    for position, statement in enumerate(plan.request.sql, start=1):
        if plan.strict_servers and lacks_applied(statement):
            servers = listed(plan.strict_servers)
            yield (
                f"Note: statement {position} names no value for `applied`, which strict database"
                f" servers ({servers}) need: add the column, with the value CURRENT_TIMESTAMP.",
                "yellow",
            )


def _variables(plan: Plan) -> Iterator[StyledLine]:
    """Yield how new app servers' variables differ from those of the ones that serve."""
    for labels, lines in grouped({item.label: item.variables for item in plan.items}):
        instances = whom(labels, len(plan.items))
        if lines:
            yield f"Variables that change in {instances}:", "bold"
        else:
            yield f"No variable changes in {instances}.", ""
        for line in lines:
            yield f"      {line}", ""


def _fields(item: Item) -> list[str]:
    return [
        f"{name}: {_field(name, item.before[name])} → {_field(name, new)}"
        for name, new in item.after.items()
        if item.before[name] != new
    ]


def _field(name: str, value: object) -> str:
    if name == EXTRA_SETTINGS:  # passwords may be in it
        return f"({plural(len(str(value).splitlines()), 'line')})"
    return short(value)
