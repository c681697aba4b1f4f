"""Flavors of hosts with limits: `memory=2G,cpus=1.5`."""

import re
from dataclasses import dataclass

from ocim.core.errors import ValidationError

UNITS = {"M": 2**20, "G": 2**30}
REMEDY = "Write it as memory=2G,cpus=1.5; both are optional."


@dataclass(frozen=True)
class Limits:
    """The limits of a host; None means no limit."""

    memory: int | None = None
    """Memory in bytes."""
    cpus: float | None = None


def read(flavor: str) -> Limits:
    """Return the flavor's limits; raise ValidationError with everything that is wrong with it."""
    values: dict[str, float] = {}
    faults = []
    for word in filter(None, (word.strip() for word in flavor.split(","))):
        if match := re.fullmatch(r"memory=(\d+)([MG])", word):
            values["memory"] = int(match[1]) * UNITS[match[2]]
        elif match := re.fullmatch(r"cpus=(\d+(?:\.\d+)?)", word):
            values["cpus"] = float(match[1])
        else:
            faults.append(f"flavor: unknown limit {word!r}.")
    faults += [f"flavor: {name} must be above 0." for name, value in values.items() if not value]
    if faults:
        raise ValidationError(faults, remedy=REMEDY)
    memory = int(values["memory"]) if "memory" in values else None
    return Limits(memory, values.get("cpus"))
