"""Differences of variables, and lint against a repository."""

import pytest

from ocim.core.access import Role
from ocim.store.models import OpenEdXInstance
from tests.api.client import Api, account
from tests.web.fleet import make_appserver, make_instance


def test_any_two_sets_of_variables_are_compared(viewer: Api, demo: OpenEdXInstance) -> None:
    appserver, other = make_appserver(demo), make_instance("Other")
    own = f"old=appserver:{appserver.pk}&new=instance:{demo.pk}"
    assert viewer.get(f"/configuration/changes?{own}").json() == []
    foreign = f"old=instance:{demo.pk}&new=instance:{other.pk}"
    changes = viewer.get(f"/configuration/changes?{foreign}").json()
    assert ["EDXAPP_PLATFORM_NAME"] in [change["path"] for change in changes]


def test_both_sides_must_be_named(viewer: Api) -> None:
    answer = viewer.get("/configuration/changes?old=5")
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"#/old", "#/new"}


@pytest.mark.parametrize("kind", ["instance", "appserver"])
def test_a_foreign_side_is_not_found(demo: OpenEdXInstance, kind: str) -> None:
    own = make_instance("Own", organization="ACME")
    foreign = demo.pk if kind == "instance" else make_appserver(demo).pk
    acme = account("acme", Role.ADMIN, "ACME")
    query = f"old=instance:{own.pk}&new={kind}:{foreign}"
    assert acme.get(f"/configuration/changes?{query}").status_code == 404


def test_lint_takes_another_repository(operator: Api, demo: OpenEdXInstance) -> None:
    answer = operator.post(f"/instances/{demo.pk}/lint", {"repository": "builtin"})
    assert answer.status_code == 200
    assert answer.json()["repository"].startswith("builtin@")


@pytest.mark.parametrize("repository", ["../playbooks", "--upload-pack=x"])
def test_lint_takes_no_address_that_git_would_misread(
    operator: Api, demo: OpenEdXInstance, repository: str
) -> None:
    answer = operator.post(f"/instances/{demo.pk}/lint", {"repository": repository})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/repository"
