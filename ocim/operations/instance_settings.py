"""The settings of an instance, and all their faults at once."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import yaml
from django.core.exceptions import ValidationError as DjangoValidationError

from ocim.catalog.secrets.masking import with_secrets_hidden
from ocim.catalog.variables.uploads import places
from ocim.core.errors import ValidationError
from ocim.core.names import contact_address
from ocim.core.policy import Policy
from ocim.core.secrets import masked
from ocim.core.variables import Effective
from ocim.operations import provisioners
from ocim.operations.context import Context
from ocim.operations.effective import effective_variables
from ocim.parsing.extra_settings import check_extra_settings
from ocim.store.models import Domain, InstanceTag, OpenEdXInstance
from ocim.store.specs import services_of

GENERATED = frozenset(
    {
        "id",
        "lease",
        "ref_set",
        "secret_seed",
        "jwt_private_key",
        "jwt_public_keys",
        "preview_password_hash",
        "database_name",
        "adopted_databases",
        "maintenance",
        "optional_services",
        "successfully_provisioned",
        "payment_processors",
        "load_balancing_server",
        "database_server",
        "broker_server",
        "broker_generation",
        "database_generation",
        "search_server",
        "mongodb_server",
        "mongodb_generation",
        "meilisearch_server",
        "meilisearch_generation",
    }
)
SETTABLE = tuple(
    field.name for field in OpenEdXInstance._meta.fields if field.name not in GENERATED
)
"""The fields that operators set, besides `tags`, `notes` and `organization`."""
OF_REFERENCE = ("notes", "organization")
LEADING = "internal_lms_domain"
"""The field that an instance's other domains are derived from by default."""
DATABASE_SERVER = "database_server"
"""The field that a new instance may have, and that stays as it is."""
EXTRA_SETTINGS = "configuration_extra_settings"
"""The field that enables services; the balancer follows its changes, too."""
_REMEDY = f"There are: {', '.join((*SETTABLE, *OF_REFERENCE, 'tags'))}."


def with_defaults(
    fields: Mapping[str, Any], defaults: Mapping[str, str], context: Context
) -> dict[str, Any]:
    """Return a new instance's fields, with defaults for those that are missing.

    Name and mail address are derived from the domain; see `with_provisioner` for the provisioner.
    """
    domain = fields.get("internal_lms_domain", "")
    all_defaults = provisioners.with_provisioner(fields, defaults, context)
    return {"name": domain, "email": contact_address(domain), **all_defaults, **fields}


def without_unknown(fields: dict[str, Any]) -> list[str]:
    """Remove the keys that are no settings of an instance. Return them."""
    unknown = [name for name in fields if name not in SETTABLE]
    for name in unknown:
        del fields[name]
    return unknown


def without_secrets(extra_settings: str, *, where: str = EXTRA_SETTINGS) -> str:
    """Return extra or shared settings as YAML with secrets masked and without comments.

    Return a placeholder if they cannot be read.
    """
    try:
        values = check_extra_settings(extra_settings, where=where)
    except ValidationError:
        return "(not shown: they cannot be read)"
    hidden = masked(with_secrets_hidden(values))
    return yaml.safe_dump(hidden, allow_unicode=True, sort_keys=False) if hidden else ""


def uploads_of(instance: OpenEdXInstance, policy: Policy) -> list[str]:
    """Return where uploads of the next app server go, by service; [] for invalid settings."""
    try:
        values = effective_variables(instance, policy).values
    except ValidationError:
        return []
    return places(services_of(instance), values)


def is_name(field: str) -> bool:
    """Return True if the field holds a name that must be unique among instances."""
    return field.endswith("_domain") or field == "partner_code"


def check(
    instance: OpenEdXInstance,
    tags: list[str],
    unknown: list[str],
    context: Context,
    *,
    renamed: bool = True,
    paid: bool = True,
) -> Effective:
    """Return the variables that the instance's settings result in.

    Raise ValidationError with every fault.

    `renamed` and `paid` tell whether names and the currency are new: an old currency that nobody
    pays with from some day on must not keep an instance from being upgraded.
    """
    faults = [f"{name}: an instance has no such setting." for name in unknown]
    without = ["ref_set", "lease", *GENERATED, *(() if paid else ("currency",))]
    # Without constraints: the fields have the same rules, and need no query for them.
    faults += faults_of(lambda: instance.full_clean(exclude=without, validate_constraints=False))
    if any(fault.startswith(LEADING) for fault in faults):
        # A mail address derived from a wrong domain has no fault of its own.
        made_of_it = instance.email.lower().endswith(f"@{instance.internal_lms_domain}")
        faults = [fault for fault in faults if not (made_of_it and fault.startswith("email: "))]
    faults += faults_of(instance.ref_set.clean_fields)
    if instance.provider and instance.provider not in context.adapters.providers:
        kinds = ", ".join(sorted(context.adapters.providers))
        faults.append(f"provider: unknown kind {instance.provider!r}. Choose one of: {kinds}.")
    elif instance.provider and not any(fault.startswith("flavor:") for fault in faults):
        faults += _faults_of_flavor(instance, context)
        if instance.provisioner:
            faults += provisioners.faults_of(instance, context)
    for tag in tags:
        try:
            InstanceTag(name=tag).clean_fields()
        except DjangoValidationError as error:
            faults += [f"tags: {message}" for message in error.messages]
    if renamed and not faults:
        faults = faults_of_names(instance)
    if faults:
        raise ValidationError(faults, remedy=_REMEDY if unknown else "")
    return effective_variables(instance, context.policy)


def _faults_of_flavor(instance: OpenEdXInstance, context: Context) -> list[str]:
    try:
        context.adapters.providers[instance.provider].check_flavor(instance.flavor)
    except ValidationError as error:
        return [f"{fault} {error.remedy}".strip() for fault in error.faults]
    return []


def faults_of(clean: Callable[[], None]) -> list[str]:
    """Return the messages of Django's validation, each with its field."""
    try:
        clean()
    except DjangoValidationError as error:
        return [
            message if message.startswith(name) else f"{name}: {message}"
            for name, texts in error.message_dict.items()
            for message in texts
        ]
    return []


def faults_of_names(instance: OpenEdXInstance) -> list[str]:
    """Return the faults of the instance's names, each of which must be its own.

    A name of two sites would keep the balancer from serving any instance.
    """
    fields = _field_by_name(instance)
    uses = Counter(_names_by_service(instance))
    faults = [f"{name}: two services have this name." for name, count in uses.items() if count > 1]
    taken = Domain.objects.filter(name__in=uses).exclude(instance=instance).order_by("id")
    reported = set()
    for domain in taken.select_related("instance__ref_set"):
        field = fields.get(domain.name, LEADING)
        # Names derived from the same field have the same fault: report it once.
        if (field, domain.instance_id) not in reported:
            reported.add((field, domain.instance_id))
            faults.append(f"{field}: {domain.name} is a name of {_holder(domain.instance)}")
    if instance.partner_code:
        others = OpenEdXInstance.objects.filter(partner_code__iexact=instance.partner_code)
        faults += [
            f"partner_code: {instance.partner_code} is that of {_holder(other)}"
            for other in others.exclude(pk=instance.pk).select_related("ref_set")
        ]
    return faults


def _holder(instance: OpenEdXInstance) -> str:
    if not instance.ref_set.is_archived:
        return f"{instance}."
    return (
        f"{instance}, which is archived. Choose another, take that instance back (ocim instance"
        f" unarchive {instance.pk}) or remove it for good (ocim instance delete {instance.pk})."
    )


def _field_by_name(instance: OpenEdXInstance) -> dict[str, str]:
    """Return by name the field that an operator has set it in."""
    fields = [name for name in SETTABLE if name.endswith("_domain")]
    return {getattr(instance, field): field for field in reversed(fields)}


def _names_by_service(instance: OpenEdXInstance) -> list[str]:
    domains = instance.domains
    return [
        name
        for service in ("lms", "preview", "studio", "ecommerce", "discovery")
        for name in {getattr(domains, service), *domains.external.get(service, ())}
    ]
