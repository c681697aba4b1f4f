"""Images of app servers: what all that have the same inputs share, installed once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ocim.catalog.variables.services import services_of
from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict, OcimError
from ocim.core.hosts import Connection, Host
from ocim.core.images import Image, image_name, superfluous
from ocim.core.instance import Service
from ocim.core.provisioning import ConfigurationSource, Part, ProvisionEvent, ProvisionJob
from ocim.operations import audit
from ocim.operations.context import Context
from ocim.operations.effective import effective_variables
from ocim.operations.provisioners import provisioner_of
from ocim.ports.images import Images
from ocim.store.models import OpenEdXInstance
from ocim.store.specs import source_of

OnEvent = Callable[[ProvisionEvent], None]
# Stands for the host of a run until there is one: enough to check playbook and variables.
PLANNED = Host("planned", "none", "127.0.0.1", Connection(kind="local"), root="/planned")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Image that an app server can be made from, built or not."""

    name: str
    provider: str
    inputs: Mapping[str, str]
    """Inputs that the image's name is derived from."""
    job: ProvisionJob
    """Run of the image's part of the playbook; the host is filled in later."""


def planned_run(
    source: ConfigurationSource,
    variables: Mapping[str, object],
    *,
    directories: tuple[str, ...] = (),
    context: Context,
) -> ProvisionJob:
    """Return a run without a host."""
    return ProvisionJob(
        PLANNED,
        source,
        variables,
        directories,
        task_timeout=context.policy.task_timeout,
        total_timeout=context.policy.provision_timeout,
    )


def of_instance(instance: OpenEdXInstance, context: Context) -> Wanted:
    """Return the image for app servers that are spawned now.

    Raise ValidationError if the settings are wrong, and Conflict if there can be no image.
    """
    values = effective_variables(instance, context.policy).values
    run = planned_run(source_of(instance), values, context=context)
    return wanted(
        replace(run, source=provisioner_of(run.source, context).check(run)),
        provider=instance.provider,
        release=instance.openedx_release,
        services=services_of(values),
        context=context,
    )


def wanted(
    job: ProvisionJob,
    *,
    provider: str,
    release: str,
    services: frozenset[Service],
    context: Context,
) -> Wanted:
    """Return the image for a run whose source was checked. Raise Conflict if there can be none."""
    images = _images(provider, context)
    of_part = provisioner_of(job.source, context).image_inputs(job)
    inputs = {
        **of_part,
        "provider": provider,
        "base": images.base(),
        "release": release,
        "services": " ".join(sorted(services)),
    }
    part = replace(job, directories=(), part=Part.IMAGE, image_inputs=of_part)
    return Wanted(image_name(inputs), provider, inputs, part)


def for_host(
    run: ProvisionJob,
    *,
    provider: str,
    release: str,
    services: frozenset[Service],
    say: Callable[[str, str], object],
    on_event: OnEvent,
    is_cancelled: Callable[[], bool],
    context: Context,
) -> Wanted | None:
    """Return the image for the run's host; build it if it is missing.

    Return None if the whole host is to be provisioned. Call `say` with each message and its level.
    """
    try:
        image = wanted(run, provider=provider, release=release, services=services, context=context)
    except Conflict as reason:
        say(str(reason), "debug")
        return None
    if not is_there(image, context):
        if not context.policy.build_images:
            return None
        say(f"Image {image.name} is built first.", "info")
        ensure(image, on_event=on_event, is_cancelled=is_cancelled, context=context)
    say(f"Using image {image.name}.", "info")
    return image


def is_there(image: Wanted, context: Context) -> bool:
    """Return True if the image is built."""
    return any(existing.name == image.name for existing in _images(image.provider, context).list())


def ensure(
    image: Wanted, *, on_event: OnEvent, is_cancelled: Callable[[], bool], context: Context
) -> bool:
    """Build the image if it is missing. Return True if this call built it, and no other process."""

    def build(host: Host) -> None:
        outcome = provisioner_of(image.job.source, context).provision(
            replace(image.job, host=host), on_event=on_event, is_cancelled=is_cancelled
        )
        if not outcome.ok:
            raise OcimError(f"{outcome.failed_task}: {outcome.message}")

    images = _images(image.provider, context)
    is_new = images.ensure(image.name, image.inputs, build, is_cancelled=is_cancelled)
    if is_new:
        audit.record(AuditAction.IMAGE_BUILD, _target(image.name), after=dict(image.inputs))
    return is_new


def listed(context: Context) -> list[Image]:
    """Return the images of every provider, newest first."""
    images = [
        image
        for provider in context.adapters.providers.values()
        if provider.images
        for image in provider.images.list()
    ]
    return sorted(images, key=lambda image: image.built, reverse=True)


def prune(*, keep: int, context: Context) -> list[Image]:
    """Remove images that no host needs, except the `keep` newest of each provider. Return them."""
    gone = []
    for provider in context.adapters.providers.values():
        if images := provider.images:
            old = superfluous(images.list(), keep=keep)
            gone += [image for image in old if images.remove(image.name)]
    for image in gone:
        audit.record(AuditAction.IMAGE_REMOVE, _target(image.name))
    return gone


def remove(*, provider: str, name: str, context: Context) -> None:
    """Remove an image. Raise Conflict if there is none of the name, or if a host needs it."""
    images = _images(provider, context) if provider in context.adapters.providers else None
    if images is None or name not in {image.name for image in images.list()}:
        raise Conflict(f"No image {name!r} of kind {provider}.")
    if not images.remove(name):
        raise Conflict(
            f"Image {name} is in use.", remedy="Terminate the app servers that were made from it."
        )
    audit.record(AuditAction.IMAGE_REMOVE, _target(name))


def _target(name: str) -> audit.Target:
    return audit.Target("image", name, name)


def _images(provider: str, context: Context) -> Images:
    images = context.adapters.providers[provider].images
    if images is None:
        raise Conflict(
            f"Hosts of kind {provider} are not made from images of Ocim's: every app server on"
            " them is provisioned as a whole.",
        )
    return images
