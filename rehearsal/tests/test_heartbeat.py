import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import Settings


@pytest.mark.django_db
def test_a_migrated_server_is_healthy_and_names_its_release(client: Client) -> None:
    response = client.get("/heartbeat")
    assert response.status_code == 200
    assert response.json()["release"] == "open-release/sumac.1"


@pytest.mark.django_db
def test_a_missing_migration_makes_it_unhealthy(client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="student").delete()
    response = client.get("/heartbeat")
    assert response.status_code == 503
    assert response.json()["migrations"]["message"] == "missing: student.0001_initial"


@pytest.mark.django_db
def test_it_fails_alone_when_that_is_rehearsed(client: Client, settings: Settings) -> None:
    settings.REHEARSAL_FAULTS = ["heartbeat-500"]
    assert client.get("/heartbeat").status_code == 500
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/", "/heartbeat", "/login"])
def test_everything_fails_when_that_is_rehearsed(
    path: str, client: Client, settings: Settings
) -> None:
    settings.REHEARSAL_FAULTS = ["answer-500"]
    assert client.get(path).status_code == 500


@pytest.mark.django_db
def test_answers_take_their_time_when_that_is_rehearsed(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("rehearsal.common.faults.time.sleep", slept.append)
    settings.REHEARSAL_FAULTS = ["slow"]
    assert client.get("/heartbeat").status_code == 200
    assert slept == [5.0]
