"""Copies of instances: one with the settings of another, and with its data if that is wanted."""

from datetime import timedelta

from django.db import transaction

from ocim.core.actions import Action
from ocim.core.errors import Conflict
from ocim.core.jobs import CloneJob
from ocim.operations import instances, jobs
from ocim.operations.claim import Claim, NotYet
from ocim.operations.context import Context
from ocim.operations.instance_settings import DATABASE_SERVER, LEADING, SETTABLE, uploads_of
from ocim.operations.leases import held
from ocim.store.models import SHARED_SERVERS, Job, OpenEdXInstance
from ocim.store.specs import instance_spec

OWN = ("name", "email", "partner_code")
"""Settings, besides domains, that a clone does not take over: they name the site."""
LOOK_AGAIN = timedelta(seconds=5)
"""Time to wait while another job works on the source."""


def request(
    *,
    source: OpenEdXInstance,
    domain: str,
    name: str,
    email: str,
    with_data: bool,
    queue: str,
    context: Context,
    creator_id: int | None = None,
) -> tuple[OpenEdXInstance, Job | None, list[Action]]:
    """Create an instance with the settings of `source`, on the same database server.

    Domains follow from `domain`. Keys of payment processors, tags and uploads are not taken over.
    Return the job that copies the databases, if it should have data. Raise ValidationError with
    every fault, and Conflict if no shared server accepts new clients, or the source is adopted.
    """
    if source.adopted_databases:
        raise Conflict(
            f"{source} was adopted: its settings name its MongoDB database and its secrets, which a"
            " clone would share."
        )
    settings = {
        field: getattr(source, field)
        for field in SETTABLE
        if field not in OWN and not field.endswith("_domain")
    }
    fields = {
        **settings,
        LEADING: domain,
        "name": name,
        "email": email,
        "organization": source.ref_set.organization,
        "notes": f"Clone of {source}.",
        DATABASE_SERVER: source.database_server.name,
    }
    with transaction.atomic():
        clone, actions = instances.create(fields=fields, context=context, creator_id=creator_id)
        job = None
        if with_data:
            payload = CloneJob(source.pk)
            job = jobs.submit(target=clone, payload=payload, queue=queue, creator_id=creator_id)
            actions = [*actions, jobs.wake_up(job)]
    return clone, job, actions


def warnings(clone: OpenEdXInstance, source: OpenEdXInstance, context: Context) -> list[str]:
    """Return what the two instances share although a clone should not change its source."""
    theirs = uploads_of(source, context.policy)
    return [
        f"Both instances keep uploads in one place: {place}. Give the clone another one before you"
        " spawn an app server."
        for place in uploads_of(clone, context.policy)
        if place in theirs
    ]


def run(claim: Claim, payload: CloneJob) -> list[Action]:
    """Copy the source's databases. Raise Conflict if the clone has app servers, which use its own.

    Nothing else works on the source meanwhile, so that no migration is half done in the copy.
    """
    rows = OpenEdXInstance.objects.select_related("ref_set", *SHARED_SERVERS)
    clone = rows.get(pk=claim.instance_id)
    source = rows.filter(pk=payload.source).first()
    if source is None:
        raise Conflict(f"Instance {payload.source} is deleted: there is no data to copy.")
    if clone.appserver_set.exists():
        raise Conflict(
            f"{clone} has app servers: a copy would replace what they wrote.",
            remedy="Clone the instance again.",
        )
    context = claim.context
    with held(source.lease_id, context=context) as lease:
        if lease is None:
            raise NotYet(context.now() + LOOK_AGAIN)
        targets = instance_spec(clone, context.policy).databases
        for purpose, database in instance_spec(source, context.policy).databases.items():
            databases = context.adapters.databases[database.kind]
            claim.on_step(f"copy of {purpose}")
            if databases.size(database) is not None:
                databases.ensure(targets[purpose])
                databases.copy(database, targets[purpose])
    return []
