"""Checks that the playbooks exist with which an upgrade would configure its instances."""

import copy
from collections.abc import Mapping
from typing import Any

from ocim.core.errors import PermanentError, TransientError, ValidationError
from ocim.core.provisioning import ANSIBLE, ConfigurationSource
from ocim.operations.context import Context
from ocim.store.models import OpenEdXInstance
from ocim.store.specs import source_of

FIELDS = frozenset(
    {
        "configuration_source_repo_url",
        "configuration_version",
        "configuration_playbook_name",
        "openedx_release",
        "edx_platform_commit",
        "provisioner",
    }
)
"""Fields that name the repository and the playbook that runs."""


def source_after(instance: OpenEdXInstance, after: Mapping[str, Any]) -> ConfigurationSource:
    """Return the configuration source of an instance with the fields of `after`."""
    changed = copy.copy(instance)
    for name, value in after.items():
        setattr(changed, name, value)
    return source_of(changed)


def faults_of_sources(sources: Mapping[ConfigurationSource, str], context: Context) -> list[str]:
    """Return why sources have no playbook, each with the first instance that would use it.

    A source that cannot be reached just now is no fault: every upgrade checks it again.
    """
    faults = []
    for source, instance in sources.items():
        if source.provisioner != ANSIBLE:
            continue
        try:
            context.adapters.configurations.find_playbook(source)
        except (ValidationError, PermanentError) as error:
            faults.append(f"{instance}: {error}")
        except TransientError:
            continue
    return faults
