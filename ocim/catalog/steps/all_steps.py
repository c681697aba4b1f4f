"""Registry of the set-up steps, in the order in which they work."""

from ocim.catalog.steps import discovery, ecommerce, lms
from ocim.catalog.steps.step import Step
from ocim.core.instance import Instance
from ocim.core.provisioning import TUTOR

STEPS = (*lms.STEPS, *ecommerce.STEPS, *discovery.STEPS)


def steps_of(instance: Instance) -> list[Step]:
    """Return the steps that an instance with these services needs."""
    in_containers = instance.configuration_source_repo_url == TUTOR
    return [
        step
        for step in STEPS
        if step.services & instance.services and not (in_containers and step.in_crontab)
    ]
