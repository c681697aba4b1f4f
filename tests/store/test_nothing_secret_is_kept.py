"""A copy of what Ocim keeps tells no secret to who has no master key."""

import json
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection

from ocim.adapters.memory.provisioners import MemoryRun
from ocim.core.jobs import SetUpJob
from ocim.core.secrets import secret_texts
from ocim.operations import jobs
from ocim.operations.effective import deserialize
from ocim.operations.logs import say
from ocim.operations.rollouts.plan_file import to_json
from ocim.store.models import (
    DatabaseServer,
    Job,
    OpenEdXAppServer,
    OpenEdXInstance,
    Rollout,
    RolloutEvent,
    SearchServer,
    Verification,
)
from ocim.tasks import enqueue
from tests.operations.rollouts.fleet import Fleet
from tests.world import World

PLANTED = "hunter2-planted"
"""The beginning of every secret that is planted."""
EXTRA = f"HARMLESS: {PLANTED}-setting\nOTHER_PASSWORD: {PLANTED}-password\n"


def kept() -> Iterator[tuple[str, bytes]]:
    """Return all files of the state's directory, and a dump of the database, by name."""
    for path in settings.OCIM.var.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            yield table, str(cursor.fetchall()).encode()


@pytest.mark.django_db(transaction=True)
def test_no_secret_is_in_the_state_of_an_installation_that_was_worked_with() -> None:
    fleet = Fleet(World())
    world = fleet.world
    DatabaseServer.objects.update(admin_password=f"{PLANTED}-database")
    SearchServer.objects.create(name="s", kind="elasticsearch", admin_password=f"{PLANTED}-search")
    made = fleet.make(
        configuration_extra_settings=EXTRA,
        edx_platform_repository_url=f"https://me:{PLANTED}-url@git.example.com/p",
    )
    made.ref_set.notes = f"the door says {PLANTED}-notes"
    made.ref_set.save()
    OpenEdXInstance.objects.filter(pk=made.pk).update(payment_processors=f'{{"k": "{PLANTED}-k"}}')
    Verification.objects.create(
        instance=made, started_at=world.clock(), lines=[{"compared": f"{PLANTED}-evidence"}]
    )
    newest = OpenEdXAppServer.objects.latest("id")
    say(newest, f"nothing tells that {PLANTED}-line is one", context=world.context())
    world.provisioner.runs[f"appserver-{newest.pk + 1}"] = MemoryRun(fails_with=f"{PLANTED}-failed")
    plan = fleet.plan(
        update={"configuration_extra_settings": EXTRA + f"THIRD: {PLANTED}-update\n"},
        sql=[f"ALTER USER x IDENTIFIED BY '{PLANTED}-statement'"],
    )
    (settings.OCIM.var / "plan.json").write_text(json.dumps(to_json(plan)))
    rollout = fleet.run(fleet.begin(plan))
    Rollout.objects.filter(pk=rollout.pk).update(arguments={"filter": f"{PLANTED}-argument"})
    RolloutEvent.objects.create(rollout=rollout, kind="paused", reason=f"{PLANTED}-reason")
    job = jobs.submit(target=made, payload=SetUpJob(1, (f"{PLANTED}-argument",)), queue="q")
    enqueue([jobs.wake_up(job)])
    secrets = secret_texts(deserialize(newest).values) | {PLANTED, made.secret_seed}
    # Short ones are no secrets: user names of databases, for example.
    long = {line.encode() for secret in secrets for line in secret.splitlines() if len(line) > 11}
    assert len(long) > 20
    assert PLANTED in Job.objects.get(kind="upgrade").error
    names = dict(kept())
    assert any(name.endswith("queue.sqlite3") for name in names)
    leaks = [(name, part) for name, text in names.items() for part in long if part in text]
    world.databases.close()
    assert leaks == []
