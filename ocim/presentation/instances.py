"""An instance as a row of a list, and with all its facts, for commands and API."""

from datetime import datetime

from ocim.catalog.secrets.masking import masked_place
from ocim.operations.instance_settings import (
    DATABASE_SERVER,
    EXTRA_SETTINGS,
    SETTABLE,
    uploads_of,
    without_secrets,
)
from ocim.store.models import SHARED_SERVERS, OpenEdXInstance
from ocim.store.selectors import (
    appservers,
    find_instance,
    open_jobs,
    status_of,
    unhealthy_appservers,
)
from ocim.wiring import context, current_time, instance_url

COLUMNS = ("id", "name", "domain", "state", "active", "release", "held")
APPSERVERS_SHOWN = 10
"""Maximum number of app servers among the facts."""


def row(instance: OpenEdXInstance, now: datetime) -> dict[str, object]:
    """Return the values of COLUMNS for an instance from `selectors.instances`."""
    values = (
        instance.pk,
        instance.name,
        instance.internal_lms_domain,
        status_of(instance),
        instance.active_count,  # type: ignore[attr-defined]
        instance.openedx_release,
        instance.hold.coming_or_on(now),
    )
    return dict(zip(COLUMNS, values, strict=True))


def facts(instance_id: int, *, secrets: bool = False) -> dict[str, object]:
    """Return an instance's facts, with its settings; secrets are masked unless `secrets` is set."""
    counted = find_instance(str(instance_id))
    full = OpenEdXInstance.objects.select_related("ref_set", *SHARED_SERVERS).get(pk=counted.pk)
    facts: dict[str, object] = {
        "id": full.pk,
        "state": status_of(counted),
        "held": full.hold.coming_or_on(current_time()),
        "maintenance": full.maintenance,
        "url": instance_url(full),
        **{name: getattr(full, name) for name in SETTABLE},
        "tags": list(full.tags.values_list("name", flat=True)),
        "organization": full.ref_set.organization,
        "notes": full.ref_set.notes,
        "created": full.ref_set.created.isoformat(timespec="seconds"),
        "uploads": uploads_of(full, context().policy),
        "database_name": full.database_name,
        DATABASE_SERVER: full.database_server.name,
        "broker_server": full.broker_server and full.broker_server.name,
        "search_server": full.search_server and full.search_server.name,
        "mongodb_server": full.mongodb_server and full.mongodb_server.name,
        "meilisearch_server": full.meilisearch_server and full.meilisearch_server.name,
        "appservers": [
            f"{appserver.pk} ({appserver.state})"
            for appserver in appservers(full.pk)[:APPSERVERS_SHOWN]
        ],
        "not well": unhealthy_appservers(full.pk),
        "in work": [str(job) for job in open_jobs(full)],
    }
    if not secrets:
        facts = masked_place("", facts)
        facts[EXTRA_SETTINGS] = without_secrets(full.configuration_extra_settings)
    return facts
