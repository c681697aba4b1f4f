"""Requests for clones, backups and their restoration."""

import pytest

from ocim.core.jobs import CloneJob, RestoreJob
from ocim.operations.jobs import payload_of
from ocim.store.models import Backup, Job, OpenEdXInstance
from tests.api.client import Api
from tests.web.fleet import make_rollout


@pytest.fixture
def backup(demo: OpenEdXInstance) -> Backup:
    upgrade = make_rollout(demo).upgrades.get()
    return Backup.objects.create(
        upgrade=upgrade, purpose="edxapp", name="demo", path="/b/demo.sql", size=5, seconds=0.5
    )


def test_a_clone_has_the_settings(admin: Api, demo: OpenEdXInstance) -> None:
    wanted = {"internal_lms_domain": "staging.localhost", "name": "Staging"}
    answer = admin.post(f"/instances/{demo.pk}/clones", wanted)
    assert answer.status_code == 201
    made = admin.get(answer["Location"]).json()
    assert answer.json() == {"instance": made["id"], "job": None, "warnings": []}
    assert (made["name"], made["email"]) == ("Staging", "contact@staging.localhost")
    assert made["openedx_release"] == demo.openedx_release


def test_data_is_copied_by_a_job(admin: Api, demo: OpenEdXInstance) -> None:
    wanted = {"internal_lms_domain": "staging.localhost", "with_data": True}
    job = admin.post(f"/instances/{demo.pk}/clones", wanted).json()["job"]
    assert payload_of(Job.objects.get(pk=job)) == CloneJob(demo.pk)


def test_every_fault_of_a_clone_is_told(admin: Api, demo: OpenEdXInstance) -> None:
    wanted = {"internal_lms_domain": "no domain", "email": "nobody"}
    answer = admin.post(f"/instances/{demo.pk}/clones", wanted)
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {
        "#/internal_lms_domain", "#/email",
    }  # fmt: skip
    assert OpenEdXInstance.objects.count() == 1


def test_backups_are_listed_and_restored(admin: Api, demo: OpenEdXInstance, backup: Backup) -> None:
    [row] = admin.get(f"/instances/{demo.pk}/backups").json()["results"]
    assert (row["rollout"], row["path"]) == (backup.upgrade.rollout_id, "/b/demo.sql")
    for wanted in ({}, {"rollout": row["rollout"]}):
        answer = admin.post(f"/instances/{demo.pk}/restore", wanted)
        assert answer.status_code == 202
        assert payload_of(Job.objects.latest("pk")) == RestoreJob((backup.pk,))


def test_there_must_be_a_backup_to_restore(
    admin: Api, demo: OpenEdXInstance, backup: Backup
) -> None:
    answer = admin.post(f"/instances/{demo.pk}/restore", {"rollout": 99})
    assert answer.status_code == 409
    assert "No backup of" in answer.json()["detail"]
