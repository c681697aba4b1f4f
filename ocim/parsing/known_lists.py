"""Check of the items of lists whose structure Ocim knows."""

from typing import Any

from ocim.catalog.templates import is_template
from ocim.catalog.variables.structures import CRON_JOBS, EVERY_MINUTE, LISTS, Items
from ocim.core.texts import listed
from ocim.parsing.document import Document


def check_lists(document: Document) -> None:
    """Add the faults of all known lists, and warnings about cron jobs that run too often."""
    for name, items in LISTS.items():
        values = document.value.get(name)
        if not isinstance(values, list) or not all(isinstance(item, dict) for item in values):
            continue  # its type has a fault of its own
        _check_items(document, name, items, values)
    jobs = document.value.get(CRON_JOBS)
    for index, job in enumerate(jobs if isinstance(jobs, list) else ()):
        if isinstance(job, dict) and _runs_each_minute(job):
            document.warn(
                document.places[CRON_JOBS, index],
                "this job runs at every minute of the hour, since it has no `minute`. Add one.",
            )


def _check_items(document: Document, name: str, items: Items, values: list[dict[Any, Any]]) -> None:
    known = {*items.required, *items.optional}
    seen: dict[str, int] = {}
    for index, item in enumerate(values):
        place = document.places[name, index]
        if missing := [key for key in items.required if item.get(key) in (None, "")]:
            document.fault(place, f"this item of {name} lacks {listed(missing)}.")
        for key in item:
            if key not in known:
                document.fault(
                    document.places.get((name, index, key), place),
                    f"an item of {name} has no key {key!r}. Its keys: {listed(sorted(known))}.",
                )
        for key, text in item.items():
            if isinstance(text, str) and "\n" in text.rstrip("\n") and key != "SSH_KEY":
                document.fault(
                    document.places.get((name, index, key), place),
                    f"{key} has a line break. Write it on one line (with `>-`, YAML joins"
                    " several).",
                )
        unique = item.get(items.unique)
        if isinstance(unique, str) and unique and not is_template(unique):
            if unique in seen:
                line = document.places[name, seen[unique]].line
                document.fault(
                    document.places.get((name, index, items.unique), place),
                    f"the item in line {line} has this {items.unique}, too, and would be lost."
                    f" Choose another {items.unique}.",
                )
            seen.setdefault(unique, index)


def _runs_each_minute(job: dict[Any, Any]) -> bool:
    return "minute" not in job and "special_time" not in job and not EVERY_MINUTE.isdisjoint(job)
