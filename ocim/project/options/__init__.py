"""Ocim's own settings: a dataclass, whose fields have names, defaults and meanings."""

from dataclasses import Field, dataclass, fields
from typing import Any

from ocim.project.options.balancer import BalancerOptions
from ocim.project.options.instances import InstanceOptions
from ocim.project.options.limits import LimitOptions
from ocim.project.options.manager import ManagerOptions
from ocim.project.options.people import PeopleOptions
from ocim.project.options.runs import RunOptions


@dataclass(frozen=True)
class Options(
    LimitOptions, PeopleOptions, InstanceOptions, RunOptions, BalancerOptions, ManagerOptions
):
    """Settings of Ocim; durations are in seconds, unless the name says otherwise.

    The fields of the last base come first.
    """

    faults: tuple[str, ...] = ()
    """Faults of invalid values: `NAME: what is wrong`."""
    unknown: tuple[str, ...] = ()
    """Names that look like settings, but are unknown."""


def option_fields() -> list[Field[Any]]:
    """Return the fields of `Options` that are settings, in order."""
    return [option for option in fields(Options) if option.metadata]
