"""Requests that no page of ours sends: odd addresses, HEAD, a database that does not answer."""

import logging
import re

import pytest
from django.db import DataError, IntegrityError, OperationalError
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from ocim.store.models import OpenEdXInstance
from tests.web.fleet import make_appserver

LONG = "1" * 26
WITHOUT_ID = ("instances", "rollouts", "password")
OF_INSTANCES = ("instance", "instance-progress", "instance-events", "services")
OF_APP_SERVERS = (
    "appserver",
    "appserver-progress",
    "appserver-events",
    "appserver-log-pages",
    "appserver-log",
)


def patterns(resolver: URLResolver) -> list[URLPattern]:
    result: list[URLPattern] = []
    for url_pattern in resolver.url_patterns:
        if getattr(url_pattern, "namespace", None) == "api":
            continue  # tests/api has requests of its own
        result += patterns(url_pattern) if isinstance(url_pattern, URLResolver) else [url_pattern]
    return result


def paths() -> list[str]:
    """Return every address that has a number in it, with one that no database can hold."""
    addresses = []
    for pattern in patterns(get_resolver()):
        names = pattern.pattern.regex.groupindex
        if numbers := [name for name in names if name.endswith("_id")]:
            choices = dict(re.findall(r"\(\?P<(\w+)>([a-z-]+)", pattern.pattern.regex.pattern))
            words = {name: choices.get(name, "html") for name in names if name not in numbers}
            known = reverse(pattern.name or "", kwargs={**words, **dict.fromkeys(numbers, 7)})
            addresses.append(known.replace("/7/", f"/{LONG}/"))
    return addresses


@pytest.mark.parametrize("address", paths())
def test_a_number_that_no_database_holds_is_not_found(admin: Client, address: str) -> None:
    assert LONG in address
    assert admin.get(address).status_code == 404


@pytest.mark.parametrize("name", WITHOUT_ID + OF_INSTANCES + OF_APP_SERVERS)
def test_head_is_answered_as_get_is(admin: Client, demo: OpenEdXInstance, name: str) -> None:
    row = make_appserver(demo) if name in OF_APP_SERVERS else demo
    address = reverse(name, args=[] if name in WITHOUT_ID else [row.pk])

    head, get = admin.head(address), admin.get(address)

    assert head.status_code == get.status_code == 200
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    assert head.content == b""


@pytest.mark.parametrize("name", ["sign-in", "instances"])
def test_a_database_that_does_not_answer_is_told_with_503(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def locked(*_: object, **__: object) -> None:
        raise OperationalError("database is locked")

    client.raise_request_exception = False
    client.cookies["sessionid"] = "of somebody"
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", locked)

    answer = client.get(reverse(name))

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "locked, or cannot be reached" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    "error, status, text",
    [(DataError("NUL"), 400, "has NUL"), (IntegrityError("unique"), 409, "a second click")],
)
def test_what_only_the_database_refuses_is_told(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, text: str
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise error

    client.raise_request_exception = False
    client.cookies["sessionid"] = "of somebody"
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", refused)

    answer = client.get(reverse("instances"))

    assert answer.status_code == status
    assert text in answer.content.decode()


def test_another_fault_is_told_with_500(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    client.raise_request_exception = False
    client.cookies["sessionid"] = "of somebody"
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", broken)

    assert client.get(reverse("instances")).status_code == 500


def test_a_host_name_that_is_not_ours_is_one_line_in_the_log(
    client: Client, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = client.get("/", headers={"host": "evil.example"})

    assert answer.status_code == 400
    record = next(item for item in caplog.records if "evil.example" in item.getMessage())
    assert record.exc_info is None
