"""Rights in the pages: every address, for every kind of account."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from ocim.store.models import Job, OpenEdXAppServer, OpenEdXInstance, Rollout
from tests.web.fleet import make_appserver, make_rollout, write_line

LOOKS = {
    "instances": (), "instance": (1,), "instance-progress": (1,), "instance-events": (1,),
    "services": (1,), "appserver": (1,), "appserver-progress": (1,), "appserver-events": (1,),
    "appserver-log": (1,), "rollouts": (), "rollout": (1,), "rollout-progress": (1,),
    "rollout-events": (1,), "rollout-report": (1, "json"),
}  # fmt: skip
CHANGES = {
    "spawn": (1,), "switch-services": (1,), "set-up-services": (1,), "look-at-services": (1,),
    "act": (1, "terminate"), "rollout-act": (1, "abort"),
}  # fmt: skip
SECRETS = {"preview-password": (1,)}
OWN = {"sign-in": (), "sign-out": (), "password": ()}


def names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns)
        else:
            yield str(pattern.name)


@pytest.fixture(autouse=True)
def fleet(demo: OpenEdXInstance) -> dict[str, int]:
    """Return the ids of an object of each kind, with a log and a statement."""
    appserver = make_appserver(demo)
    write_line(appserver, "a line of the log")
    rollout = make_rollout(demo, sql=["SELECT 'a statement'"])
    return {"instance": demo.pk, "appserver": appserver.pk, "rollout": rollout.pk}


def address(name: str, arguments: tuple[object, ...], fleet: dict[str, int]) -> str:
    kind = "appserver" if name in {"act", "preview-password"} else name.partition("-")[0]
    pk = fleet.get(kind, fleet["instance"])
    return reverse(name, args=[pk if argument == 1 else argument for argument in arguments])


def status(client: Client, method: str, where: str) -> int:
    response = client.get(where) if method == "get" else client.post(where)
    if response.status_code == 403:
        assert "Your account" in response.content.decode()
    return response.status_code


def test_the_table_below_knows_every_address() -> None:
    known = {**LOOKS, **CHANGES, **SECRETS, **OWN}
    assert sorted(names(get_resolver().url_patterns)) == sorted(known)


@pytest.mark.parametrize("name", [*LOOKS, *CHANGES, *SECRETS])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_asked_to_sign_in(
    client: Client, fleet: dict[str, int], name: str, method: str
) -> None:
    where = address(name, {**LOOKS, **CHANGES, **SECRETS}[name], fleet)
    assert status(client, method, where) == 302
    assert client.get(where).headers["Location"].startswith(reverse("sign-in"))


@pytest.mark.parametrize("name", [*LOOKS, *CHANGES, *SECRETS])
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_has_no_right_is_refused_everything(
    nobody: Client, fleet: dict[str, int], name: str, method: str
) -> None:
    where = address(name, {**LOOKS, **CHANGES, **SECRETS}[name], fleet)
    assert status(nobody, method, where) == 403
    assert not Job.objects.exists()


@pytest.mark.parametrize("name", LOOKS)
def test_who_may_look_or_change_may_look(
    guest: Client, operator: Client, fleet: dict[str, int], name: str
) -> None:
    for client in (guest, operator):
        assert status(client, "get", address(name, LOOKS[name], fleet)) == 200


@pytest.mark.parametrize("name", CHANGES)
def test_who_may_only_look_changes_nothing(guest: Client, fleet: dict[str, int], name: str) -> None:
    assert status(guest, "post", address(name, CHANGES[name], fleet)) == 403
    assert not Job.objects.exists()
    assert Rollout.objects.get().state == "running"
    assert OpenEdXAppServer.objects.get().state == "running"


@pytest.mark.parametrize("name", CHANGES)
def test_who_may_change_things_may(operator: Client, fleet: dict[str, int], name: str) -> None:
    assert status(operator, "post", address(name, CHANGES[name], fleet)) in (200, 302)


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_need_a_right_of_their_own(
    guest: Client, operator: Client, fleet: dict[str, int], name: str
) -> None:
    where = address(name, SECRETS[name], fleet)
    assert [status(item, "post", where) for item in (guest, operator)] == [403, 403]
    right = Permission.objects.get(codename="view_secrets")
    User.objects.get(username="guest").user_permissions.add(right)
    assert status(guest, "post", where) == 200


def test_who_has_no_right_can_sign_out(nobody: Client) -> None:
    assert nobody.post(reverse("sign-out")).headers["Location"] == reverse("sign-in")


@pytest.mark.parametrize("query", ["", "?look"])
def test_a_look_at_the_page_starts_nothing(
    guest: Client, demo: OpenEdXInstance, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("ocim.operations.shop.status.status", start)
    assert guest.get(reverse("services", args=[demo.pk]) + query).status_code == 200
    assert guest.get(reverse("look-at-services", args=[demo.pk])).status_code in (403, 405)
