"""Provisioners of instances: the rules by which each gets one, and the adapter of a source."""

from collections.abc import Iterator, Mapping
from typing import Any

from ocim.catalog.releases import Release, provisioners, release_of
from ocim.core.errors import Conflict, ValidationError
from ocim.core.hosts import DOCKER
from ocim.core.provisioning import ANSIBLE, PROVISIONERS, TUTOR, ConfigurationSource
from ocim.core.texts import listed
from ocim.operations.context import Context
from ocim.ports.provisioners import Provisioner
from ocim.store.models import OpenEdXInstance

NO_TUTOR = "Name a Docker engine in OCIM_DOCKER_ENGINE."
MYSQL = "mysql"
"""Kind of database servers that Tutor's services can use."""


def provisioner_of(source: ConfigurationSource, context: Context) -> Provisioner:
    """Return the provisioner that runs the source. Raise Conflict if there is none of its kind."""
    provisioner = context.adapters.provisioners.get(source.provisioner)
    if provisioner is None:
        raise Conflict(f"This installation has no {source.provisioner}.", remedy=NO_TUTOR)
    return provisioner


def with_provisioner(
    fields: Mapping[str, Any], defaults: Mapping[str, str], context: Context
) -> dict[str, str]:
    """Return the defaults of a new instance with its `provisioner` and kind of hosts.

    Each of the two follows from the other, if that is set. Else the release decides: the first of
    its provisioners that this installation has.
    """
    provisioner, provider = fields.get("provisioner"), fields.get("provider")
    if provider and not provisioner:
        provisioner = TUTOR if provider == DOCKER else ANSIBLE
    elif not provisioner:
        chosen = {**defaults, **fields}
        release = release_of(
            str(chosen.get("edx_platform_commit", "")), str(chosen.get("openedx_release", ""))
        )
        provisioner = _preferred(release, context)
    hosts = {"provider": DOCKER} if provisioner == TUTOR else {}
    return {**defaults, **hosts, "provisioner": str(provisioner)}


def require(kind: str, context: Context) -> None:
    """Raise ValidationError if this installation lacks a kind of provisioner that there is."""
    if kind in PROVISIONERS and kind not in context.adapters.provisioners:
        raise ValidationError([_missing(kind)])


def require_balancer(instance: OpenEdXInstance, context: Context) -> None:
    """Raise Conflict if the instance's containers would not reach the balancer."""
    if instance.provider == DOCKER and not context.policy.reaches_balancer:
        raise Conflict(
            "Containers do not reach the balancer: it listens on 127.0.0.1, which is their own"
            " there.",
            remedy="Name another address of this machine in OCIM_BALANCER_BIND, too, and in"
            " OCIM_BALANCER_ADDRESS, and start Ocim again.",
        )


def faults_of(instance: OpenEdXInstance, context: Context) -> Iterator[str]:
    """Yield why the instance's provisioner cannot configure its app servers."""
    kinds, kind = context.adapters.provisioners, instance.provisioner
    if kind not in PROVISIONERS:
        yield f"provisioner: unknown kind {kind!r}. Choose {listed(PROVISIONERS, 'or')}."
    elif kind not in kinds:
        yield _missing(kind)
    elif (kind == TUTOR) != (instance.provider == DOCKER):
        yield (
            f"provisioner: {kind} does not configure hosts of kind {instance.provider!r}. Tutor"
            f" goes with provider {DOCKER}, and Ansible with the others."
        )
    elif kind not in provisioners(instance.release):
        yield (
            f"provisioner: there is no Tutor of {instance.release.text}. Choose {ANSIBLE} with"
            " another provider, or sumac or a later release."
        )
    elif kind == TUTOR and instance.database_server.kind != MYSQL:
        yield (
            "provisioner: Tutor needs a MySQL server, and the instance's databases are on"
            f" {instance.database_server}. Create an instance on such a server."
        )


def _missing(kind: str) -> str:
    return f"provisioner: this installation has no {kind}. {NO_TUTOR}"


def _preferred(release: Release, context: Context) -> str:
    kinds = context.adapters.provisioners
    return next((kind for kind in provisioners(release) if kind in kinds), ANSIBLE)
