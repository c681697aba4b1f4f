"""The pages of a log, and its download."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from django.urls import reverse

from ocim.store import logs
from ocim.store.models import OpenEdXAppServer, OpenEdXInstance
from ocim.web import logs as pages
from tests.web.fleet import make_appserver, write_line


@pytest.fixture
def appserver(demo: OpenEdXInstance) -> OpenEdXAppServer:
    return make_appserver(demo)


def shown(client: Client, appserver: OpenEdXAppServer, **query: Any) -> str:
    response = client.get(reverse("appserver-log-pages", args=[appserver.pk]), query)
    assert response.status_code == 200
    return response.content.decode()


def test_lines_are_searched_by_level_and_text(admin: Client, appserver: OpenEdXAppServer) -> None:
    write_line(appserver, "pip: <first>", level="info")
    write_line(appserver, "pip: second", level="warning")
    write_line(appserver, "other", level="error")
    html = shown(admin, appserver, q="PIP", level="warning")
    assert "pip: second" in html
    assert "first" not in html
    assert ">other<" not in html
    assert '<option value="warning" selected>' in html


def test_a_search_without_result_says_so(admin: Client, appserver: OpenEdXAppServer) -> None:
    write_line(appserver, "a line")
    assert "No line fits." in shown(admin, appserver, q="<nothing>")
    assert "No log lines yet." not in shown(admin, appserver)


def test_later_lines_are_a_link_that_keeps_the_search(
    admin: Client, appserver: OpenEdXAppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LINES_SHOWN", 1)
    first = write_line(appserver, "a & 1")
    write_line(appserver, "a & 2")
    assert f'href="?q=a+%26&amp;after={first.pk}"' in shown(admin, appserver, q="a &")
    later = shown(admin, appserver, q="a &", after=first.pk)
    assert "a &amp; 2" in later
    assert f'href="?q=a+%26&amp;before={first.pk + 1}"' in later


def test_pages_lead_to_the_last_error(admin: Client, appserver: OpenEdXAppServer) -> None:
    address = reverse("appserver", args=[appserver.pk])
    assert "Last error" not in admin.get(address).content.decode()
    failure = write_line(appserver, "failed", level="error")
    link = f"?around={failure.pk}#line-{failure.pk}"
    assert link in admin.get(address).content.decode()
    html = shown(admin, appserver, around=failure.pk)
    assert link in html
    assert f'id="line-{failure.pk}"' in html


@pytest.mark.parametrize(
    "query", [{"after": "x"}, {"before": "9" * 30}, {"level": "loud"}, {"around": "-1"}]
)
def test_what_is_no_place_or_level_is_ignored(
    admin: Client, appserver: OpenEdXAppServer, query: dict[str, str]
) -> None:
    write_line(appserver, "a line")
    assert "a line" in shown(admin, appserver, **query)


def test_the_download_has_all_lines_and_comes_in_parts(
    appserver: OpenEdXAppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "CHUNK", 10)
    for number in range(5):
        write_line(appserver, f"line {number}", level="warning", task="a task")
    client = AsyncClient()
    client.force_login(User.objects.create_superuser("root"))

    async def parts() -> list[str]:
        address = reverse("appserver-log", args=[appserver.pk])
        response: Any = await client.get(address, {"download": ""})
        assert f'"appserver-{appserver.pk}.log"' in response.headers["Content-Disposition"]
        return [part.decode() async for part in response.streaming_content]

    first, *others = async_to_sync(parts)()
    assert len(others) == 2
    assert first.splitlines()[1].endswith("warning [a task] line 1")
    assert others[-1].endswith("line 4\n")
