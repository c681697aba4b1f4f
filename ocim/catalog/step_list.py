"""All one-time steps, in the order that works."""

from ocim.catalog import steps_lms, steps_services
from ocim.catalog.steps import Step
from ocim.core.spec import Instance

STEPS = (*steps_lms.STEPS, *steps_services.STEPS)


def steps_of(instance: Instance) -> list[Step]:
    """Those that the instance owes."""
    return [step for step in STEPS if step.services & instance.services]
