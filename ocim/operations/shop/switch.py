"""The switch of ecommerce and discovery: enabled or disabled.

It is in one place, `configuration_extra_settings`, where operators may write it, too.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from ocim.catalog.shop import checks
from ocim.catalog.variables.services import SWITCHES
from ocim.core.actions import Action
from ocim.core.audit import AuditAction
from ocim.core.instance import Instance, Service
from ocim.core.secrets import MASK
from ocim.operations import audit, instances
from ocim.operations.context import Context
from ocim.operations.effective import effective_variables
from ocim.operations.instance_settings import EXTRA_SETTINGS
from ocim.parsing.switch_text import with_switches
from ocim.store.models import OpenEdXInstance
from ocim.store.specs import instance_spec


def enable(
    *,
    instance_id: int,
    services: Iterable[Service],
    processors: Mapping[str, Mapping[str, Any]] | None = None,
    changes: Mapping[str, Any],
    context: Context,
) -> tuple[OpenEdXInstance, list[Action]]:
    """Enable services, and change the shop's fields (`partner_code`, `currency`, `flavor`).

    `processors` holds keys by payment processor; None leaves them as they are. If there are faults,
    change nothing, and raise ValidationError with all of them.
    """
    with transaction.atomic():
        before = OpenEdXInstance.objects.select_for_update().get(pk=instance_id)
        text = with_switches(
            before.configuration_extra_settings,
            {name: True for name, service in SWITCHES.items() if service in services},
        )
        if processors is not None:
            before.payment_processors = json.dumps(processors) if processors else ""
            before.save(update_fields=["payment_processors"])
            after = {"payment_processors": dict.fromkeys(processors, MASK)}
            audit.record(AuditAction.INSTANCE_CHANGE, before, after=after)
        instance, actions = instances.change(
            instance_id=instance_id, changes={**changes, EXTRA_SETTINGS: text}, context=context
        )
        checks.require(*_of(instance, context))
    return instance, actions


def disable(
    *, instance_id: int, services: Iterable[Service], context: Context
) -> tuple[OpenEdXInstance, list[Action]]:
    """Disable services: off the web at once, and off the next app server. Databases stay."""
    with transaction.atomic():
        before = OpenEdXInstance.objects.select_for_update().get(pk=instance_id)
        text = with_switches(
            before.configuration_extra_settings,
            {name: False for name, service in SWITCHES.items() if service in services},
        )
        return instances.change(
            instance_id=instance_id, changes={EXTRA_SETTINGS: text}, context=context
        )


def warnings(instance: OpenEdXInstance, context: Context) -> list[str]:
    """Return warnings for an operator who enables services."""
    return checks.warnings(*_of(instance, context))


def _of(instance: OpenEdXInstance, context: Context) -> tuple[Instance, dict[str, Any]]:
    variables = effective_variables(instance, context.policy).values
    return instance_spec(instance, context.policy), variables
