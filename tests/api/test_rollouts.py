from typing import Any

import pytest

from ocim.core.access import Role
from ocim.core.states import RolloutState, UpgradeState
from ocim.store.models import OpenEdXInstance, Rollout, Upgrade
from tests.api.client import Api, account
from tests.web.fleet import make_appserver, make_instance, make_rollout


@pytest.fixture
def releaser(db: None) -> Api:
    return account("releaser", Role.RELEASER)


@pytest.fixture
def live(demo: OpenEdXInstance) -> OpenEdXInstance:
    return serve(demo)


def serve(instance: OpenEdXInstance) -> OpenEdXInstance:
    """Give an instance an app server that serves it."""
    make_appserver(instance, is_active=True)
    OpenEdXInstance.objects.filter(pk=instance.pk).update(successfully_provisioned=True)
    return instance


def details(answer: Any) -> str:
    return " ".join(fault["detail"] for fault in answer.json()["errors"])


def test_a_plan_changes_nothing_and_is_begun_later(releaser: Api, live: OpenEdXInstance) -> None:
    answer = releaser.post("/rollouts/plan", {"tag": "new", "update": {"name": "New"}})
    assert answer.status_code == 200
    [item] = answer.json()["items"]
    assert item["after"] == {"name": "New"}
    assert not Rollout.objects.exists()
    begun = releaser.post("/rollouts", {"plan": answer.json()})
    assert begun.status_code == 201
    assert Rollout.objects.get().plan_hash == answer.json()["hash"]
    assert releaser.get(begun["Location"]).json()["started_by"] == "releaser"


def test_a_plan_that_somebody_changed_is_refused(releaser: Api, live: OpenEdXInstance) -> None:
    plan = releaser.post("/rollouts/plan", {"tag": "new"}).json()
    answer = releaser.post("/rollouts", {"plan": {**plan, "hash": "0" * 64}})
    assert answer.status_code == 422
    assert "changed after it was made" in details(answer)


def test_a_rollout_begins_from_options(releaser: Api, live: OpenEdXInstance) -> None:
    answer = releaser.post("/rollouts", {"tag": "new", "filter": {"name": "Demo"}})
    assert (answer.status_code, answer.json()["instances"]) == (201, 1)
    assert [row["tag"] for row in releaser.get("/rollouts").json()["results"]] == ["new"]


def test_a_rollout_begins_at_a_time(live: OpenEdXInstance) -> None:
    theirs = serve(make_instance("Theirs", organization="ACME"))
    acme = account("ada", Role.RELEASER, "ACME")
    at = "2099-05-04T22:00+02:00"
    plan = acme.post("/rollouts/plan", {"tag": "new", "at": at}).json()
    for body in ({"plan": plan}, {"tag": "other", "at": at}):
        answer = acme.post("/rollouts", body)
        assert (answer.status_code, answer.json()["state"]) == (201, "scheduled")
        assert answer.json()["begun"] == "2099-05-04T20:00:00+00:00"
        assert acme.get(answer["Location"]).json()["instances"][0]["id"] == theirs.pk
    assert acme.post(f"{answer['Location']}/abort").status_code == 202


def test_a_time_in_the_past_is_refused(releaser: Api, live: OpenEdXInstance) -> None:
    answer = releaser.post("/rollouts", {"tag": "new", "at": "2020-05-04T22:00Z"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/at"


def test_what_a_plan_of_others_selects_later_is_the_accounts_own(live: OpenEdXInstance) -> None:
    serve(make_instance("Theirs", organization="ACME"))
    acme, chief = account("ada", Role.RELEASER, "ACME"), account("fay", Role.RELEASER)
    wanted = {"tag": "new", "at": "2099-05-04T22:00Z", "filter": {"name": "Theirs"}}
    plan = chief.post("/rollouts/plan", wanted).json()
    assert acme.post("/rollouts", {"plan": plan}).status_code == 201
    stored = Rollout.objects.get().arguments["filter"]
    assert stored == {"name": "Theirs", "ref_set__organization__in": ["ACME"]}


def test_all_faults_of_a_request_are_told_at_once(releaser: Api, live: OpenEdXInstance) -> None:
    wrong = {"filter": {"nam": "x"}, "update": {"colour": 1}, "batch_size": 0, "window": "x"}
    answer = releaser.post("/rollouts/plan", wrong)
    assert answer.status_code == 422
    pointers = {fault["pointer"] for fault in answer.json()["errors"] if "pointer" in fault}
    assert pointers >= {"#/filter", "#/update", "#/window"}
    assert "tag is missing" in details(answer)
    assert "batch-size must be" in details(answer)


def test_an_organization_releases_its_own_instances_only(live: OpenEdXInstance) -> None:
    theirs = serve(make_instance("Theirs", organization="ACME"))
    acme = account("ada", Role.RELEASER, "ACME")
    plan = acme.post("/rollouts/plan", {"tag": "new"}).json()
    assert [item["instance_id"] for item in plan["items"]] == [theirs.pk]
    beyond = {"database_server__openedxinstance__name": "Demo"}
    answer = acme.post("/rollouts/plan", {"tag": "new", "filter": beyond})
    assert "allows no lookup beyond the instance" in details(answer)
    all_of_them = account("fay", Role.RELEASER).post("/rollouts/plan", {"tag": "new"}).json()
    assert acme.post("/rollouts", {"plan": all_of_them}).status_code == 403


@pytest.mark.parametrize(
    "command, state",
    [("pause", "paused"), ("abort", "aborted")],
)
def test_a_command_changes_a_rollout(
    releaser: Api, live: OpenEdXInstance, command: str, state: str
) -> None:
    rollout = make_rollout(live)
    answer = releaser.post(f"/rollouts/{rollout.pk}/{command}")
    assert (answer.status_code, answer.json()["state"]) == (202, state)
    again = releaser.post(f"/rollouts/{rollout.pk}/{command}")
    assert again.status_code == 409
    assert "It must be" in again.json()["remedy"]


@pytest.mark.parametrize("command", ["resume", "approve"])
def test_a_paused_rollout_goes_on(releaser: Api, live: OpenEdXInstance, command: str) -> None:
    rollout = make_rollout(live, state=RolloutState.PAUSED)
    assert releaser.post(f"/rollouts/{rollout.pk}/{command}").json()["state"] == "running"


def test_failed_instances_are_upgraded_again(releaser: Api, live: OpenEdXInstance) -> None:
    rollout = make_rollout(live, state=RolloutState.ENDED)
    Upgrade.objects.update(state=UpgradeState.FAILED, cause="install: no such tag")
    assert releaser.post(f"/rollouts/{rollout.pk}/retry", {"cause": "other"}).status_code == 409
    assert releaser.post(f"/rollouts/{rollout.pk}/retry").status_code == 202
    assert Upgrade.objects.get().state == UpgradeState.PENDING


def test_an_undo_tells_first_what_it_can_do(releaser: Api, live: OpenEdXInstance) -> None:
    rollout = make_rollout(live, state=RolloutState.ENDED)
    Upgrade.objects.update(state=UpgradeState.SUCCEEDED)
    answer = releaser.get(f"/rollouts/{rollout.pk}/undo").json()
    assert answer == {"possible": [], "impossible": [[str(live), "no app server served it before"]]}
    assert releaser.post(f"/rollouts/{rollout.pk}/undo").status_code == 409


@pytest.mark.parametrize("form, beginning", [("html", "<!doctype html>"), ("csv", "id,")])
def test_a_report_is_a_file(viewer: Api, live: OpenEdXInstance, form: str, beginning: str) -> None:
    answer = viewer.get(f"/rollouts/{make_rollout(live).pk}/report?form={form}")
    assert answer["Content-Type"] == f"text/{form}; charset=utf-8"
    assert answer.content.decode().lower().startswith(beginning)


def test_a_rollout_with_a_foreign_instance_is_not_shown(live: OpenEdXInstance) -> None:
    theirs = make_instance("Theirs", organization="ACME")
    mixed, own = make_rollout(live, theirs), make_rollout(theirs)
    acme = account("ada", Role.RELEASER, "ACME")
    assert acme.get(f"/rollouts/{mixed.pk}").status_code == 404
    assert [row["id"] for row in acme.get("/rollouts").json()["results"]] == [own.pk]
