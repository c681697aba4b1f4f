from ocim.core.access import Role
from ocim.operations import holds
from ocim.store.models import OpenEdXInstance
from ocim.wiring import context
from tests.api.client import Api, account
from tests.web.fleet import make_instance


def hold(instance: OpenEdXInstance, reason: str) -> None:
    holds.hold(instance.pk, reason=reason, since=None, until=None, context=context())


def reasons(answer: dict[str, list[dict[str, dict[str, str]]]]) -> list[str]:
    return [entry["after"]["hold_reason"] for entry in answer["results"]]


def test_changes_are_listed_by_filters_and_in_pages(admin: Api, demo: OpenEdXInstance) -> None:
    for reason in ("first", "second", "third"):
        hold(demo, reason)
    first = admin.get(f"/audit?action=instance.hold&instance={demo.pk}&limit=2").json()
    assert reasons(first) == ["third", "second"]
    assert first["results"][0]["target"]["id"] == str(demo.pk)
    second = admin.get(first["next"].removeprefix("http://testserver")).json()
    assert (reasons(second), second["next"]) == (["first"], None)


def test_an_admin_of_an_organization_sees_its_changes_alone(demo: OpenEdXInstance) -> None:
    theirs = make_instance("Theirs", organization="ACME")
    hold(demo, "not theirs")
    hold(theirs, "theirs")
    acme = account("acme", Role.ADMIN, "ACME")
    assert reasons(acme.get("/audit?action=instance.hold").json()) == ["theirs"]


def test_every_wrong_filter_is_a_fault(admin: Api) -> None:
    answer = admin.get("/audit?since=yesterday&action=nothing")
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"#/since", "#/action"}
    assert admin.get("/audit?colour=red").status_code == 422
    assert admin.get("/audit?after=x").status_code == 422
