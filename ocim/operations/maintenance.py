"""Maintenance of an instance: visitors see a page with a text instead of the site."""

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction

from ocim.core.actions import Action
from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict, ValidationError
from ocim.operations import audit
from ocim.operations.balancing import note_change
from ocim.store.models import OpenEdXInstance

DEFAULT_MESSAGE = "The site is being worked on, and will be back soon."
_FIELD = OpenEdXInstance._meta.get_field("maintenance")


def begin(instance_id: int, *, message: str = "") -> list[Action]:
    """Let visitors see a page with the message, or the default one, instead of the site.

    App servers go on. Raise ValidationError if the message cannot be shown.
    """
    text = message.strip() or DEFAULT_MESSAGE
    try:
        _FIELD.run_validators(text)
    except DjangoValidationError as error:
        raise ValidationError([f"message: {fault}" for fault in error.messages]) from None
    return _write(instance_id, text, AuditAction.INSTANCE_BEGIN_MAINTENANCE)


def end(instance_id: int) -> list[Action]:
    """Let visitors see the site again. Raise Conflict if the instance is not in maintenance."""
    if not OpenEdXInstance.objects.filter(pk=instance_id).exclude(maintenance="").exists():
        raise Conflict("The instance is not in maintenance: visitors see the site.")
    return _write(instance_id, "", AuditAction.INSTANCE_END_MAINTENANCE)


def _write(instance_id: int, text: str, action: AuditAction) -> list[Action]:
    with transaction.atomic():
        instance = OpenEdXInstance.objects.select_related("ref_set").get(pk=instance_id)
        before = {"message": instance.maintenance}
        OpenEdXInstance.objects.filter(pk=instance_id).update(maintenance=text)
        audit.record(action, instance, before=before, after={"message": text})
        return note_change(instance.load_balancing_server_id)
