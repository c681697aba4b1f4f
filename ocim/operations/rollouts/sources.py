"""Whether the configurations are there that an upgrade would lead its instances to."""

import copy
from collections.abc import Mapping
from typing import Any

from ocim.core.errors import PermanentError, TransientError, ValidationError
from ocim.core.provisioning import ConfigurationSource
from ocim.operations.context import Context
from ocim.store.models import OpenEdXInstance

FIELDS = frozenset(
    {"configuration_source_repo_url", "configuration_version", "configuration_playbook_name",
     "openedx_release", "edx_platform_commit"}
)  # fmt: skip
"""Fields that say which playbook of which repository is run."""


def source_after(instance: OpenEdXInstance, after: Mapping[str, Any]) -> ConfigurationSource:
    """Return what a new app server is configured from once the fields are as in `after`."""
    changed = copy.copy(instance)
    for name, value in after.items():
        setattr(changed, name, value)
    return ConfigurationSource(
        changed.configuration_source_repo_url, changed.configuration_commit, changed.playbook_name
    )


def faults_of_sources(sources: Mapping[ConfigurationSource, str], context: Context) -> list[str]:
    """Return why sources lead to no playbook, each with the first instance that has it.

    What cannot be reached just now is no fault: every upgrade looks at it again.
    """
    faults = []
    for source, instance in sources.items():
        try:
            context.adapters.provisioner.find_playbook(source)
        except (ValidationError, PermanentError) as error:
            faults.append(f"{instance}: {error}")
        except TransientError:
            continue
    return faults
