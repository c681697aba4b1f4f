"""All one-time steps, in the order that works."""

from ocim.catalog.steps import lms, services
from ocim.catalog.steps.step import Step
from ocim.core.instance import Instance

STEPS = (*lms.STEPS, *services.STEPS)


def steps_of(instance: Instance) -> list[Step]:
    """Those that the instance owes."""
    return [step for step in STEPS if step.services & instance.services]
