"""The stream itself: what is sent, when it begins anew, and what is left when nobody listens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient
from django.urls import reverse

from ocim.core.states import AppServerState
from ocim.presentation import streams
from ocim.presentation.live import Hub
from ocim.store import logs, selectors
from ocim.store.models import Job, OpenEdXAppServer, OpenEdXInstance
from tests.web.fleet import make_appserver, make_rollout, write_line

Events = AsyncIterator[str]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    """Return a hub that looks more often than people need."""
    fast = Hub(seconds=0.01)
    monkeypatch.setattr(streams, "hub", fast)
    return fast


@asynccontextmanager
async def stream(name: str, pk: int, *, last: str = "", **query: Any) -> AsyncIterator[Events]:
    """Yield the events of a page, without the first, which says when to come again."""
    client = AsyncClient()
    user, _ = await User.objects.aget_or_create(username="guest", is_superuser=True)
    await client.aforce_login(user)
    headers = {"Last-Event-ID": last} if last else {}
    response: Any = await client.get(reverse(name, args=[pk]), query, headers=headers)
    assert response.headers["Content-Type"] == "text/event-stream"
    # What streams is closed, too, as it is when a browser goes away, and not at some later time.
    async with aclosing(response._iterator), aclosing(response.streaming_content) as parts:
        assert await anext(parts) == b"retry: 1000\n\n"
        yield _split(parts)


async def _split(parts: AsyncIterator[bytes]) -> Events:
    async for part in parts:
        for text in part.decode().split("\n\n")[:-1]:
            yield text


async def lines_until(found: Events, wanted: str) -> str:
    """Return the events of the log until the wanted text."""
    text = ""
    while wanted not in text:
        event = await anext(found)
        text += event if event.startswith("event: lines") else ""
    return text


Scene = Callable[[], Awaitable[None]]


def played(scene: Scene) -> None:
    """Run a scenario on an event loop, with the database connection of the test."""
    async_to_sync(scene)()


def token_of(instance: OpenEdXInstance) -> str:
    return selectors.change_tokens([instance.pk])[instance.pk]


async def write(appserver: OpenEdXAppServer, text: str) -> int:
    return (await sync_to_async(write_line)(appserver, text)).pk


def test_lines_are_sent_as_they_are_written(demo: OpenEdXInstance, hub: Hub) -> None:
    made = make_appserver(demo)

    async def scene() -> None:
        async with stream("appserver-events", made.pk) as result:
            await write(made, "one")
            assert "one" in await lines_until(result, "one")
            await write(made, "two <b>")
            assert "one" not in await lines_until(result, "two &lt;b&gt;")

    played(scene)


def test_a_browser_that_comes_again_misses_nothing_and_gets_nothing_twice(
    demo: OpenEdXInstance, hub: Hub
) -> None:
    made = make_appserver(demo)

    async def scene() -> None:
        await write(made, "before")
        async with stream("appserver-events", made.pk) as result:
            event = await lines_until(result, "before")
        last = event.split("id: ")[1].split("\n")[0]
        await write(made, "meanwhile")
        async with stream("appserver-events", made.pk, last=last, after="0") as result:
            await write(made, "after")
            text = await lines_until(result, "after")
        assert "meanwhile" in text
        assert "before" not in text

    played(scene)


def test_the_stream_begins_after_the_last_line_that_the_page_has(
    demo: OpenEdXInstance, hub: Hub
) -> None:
    made = make_appserver(demo)

    async def scene() -> None:
        shown = await write(made, "on the page")
        await write(made, "not yet there")
        async with stream("appserver-events", made.pk, after=shown) as result:
            assert "on the page" not in await lines_until(result, "not yet there")

    played(scene)


def test_word_comes_when_something_changes_in_a_rollout(demo: OpenEdXInstance, hub: Hub) -> None:
    rollout = make_rollout(demo)
    token = selectors.rollout_change_tokens([rollout.pk])[rollout.pk]

    async def scene() -> None:
        async with stream("rollout-events", rollout.pk, token=token) as result:
            await rollout.upgrades.aupdate(state="in progress")
            assert await anext(result) == "event: changed\ndata: "

    played(scene)


def test_lines_of_other_app_servers_are_not_sent(demo: OpenEdXInstance, hub: Hub) -> None:
    made, other = make_appserver(demo), make_appserver(demo)

    async def scene() -> None:
        async with (
            stream("appserver-events", made.pk) as result,
            stream("appserver-events", other.pk) as found_by_other,
        ):
            await write(other, "of the other")
            await write(made, "of this one")
            assert "of the other" not in await lines_until(result, "of this one")
            assert "of this one" not in await lines_until(found_by_other, "of the other")

    played(scene)


def test_a_line_that_has_several_lines_stays_one_event(demo: OpenEdXInstance, hub: Hub) -> None:
    made = make_appserver(demo)

    async def scene() -> None:
        await write(made, "first\n\nevent: end\r\nlast")
        async with stream("appserver-events", made.pk) as result:
            event = await anext(result)
            if not event.startswith("event: lines"):
                event = await anext(result)
        assert "data: event: end\ndata: last" in event

    played(scene)


def test_a_change_is_told_and_told_once(demo: OpenEdXInstance, hub: Hub) -> None:
    made = make_appserver(demo, AppServerState.PROVISIONING)
    token = token_of(demo)

    async def scene() -> None:
        async with stream("appserver-events", made.pk, token=token) as result:
            present = OpenEdXAppServer.objects.filter(pk=made.pk)
            await present.aupdate(state=AppServerState.CHECKING)
            assert await anext(result) == "event: changed\ndata: "
            await Job.objects.acreate(
                instance=demo, lease_id=demo.lease_id, kind="spawn", queue="opencraft"
            )
            assert await anext(result) == "event: changed\ndata: "
            await write(made, "later")
            assert (await anext(result)).startswith("event: lines")

    played(scene)


def test_what_changed_before_the_page_began_to_listen_is_told(
    demo: OpenEdXInstance, hub: Hub
) -> None:
    token = token_of(demo)
    make_appserver(demo)

    async def scene() -> None:
        async with stream("instance-events", demo.pk, token=token) as result:
            assert await anext(result) == "event: changed\ndata: "

    played(scene)


def test_the_stream_ends_with_the_app_server_after_its_last_line(
    demo: OpenEdXInstance, hub: Hub
) -> None:
    made = make_appserver(demo)

    async def scene() -> None:
        async with stream("appserver-events", made.pk, token="old") as result:
            present = OpenEdXAppServer.objects.filter(pk=made.pk)
            await present.aupdate(state=AppServerState.TERMINATED)
            await write(made, "Terminated.")
            output = [event.split("\n")[0] async for event in result]
        assert output[-1] == "event: end"
        assert output.count("event: lines") == 1

    played(scene)


def test_one_look_serves_all_who_watch(
    demo: OpenEdXInstance, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_appserver(demo)
    asked: list[int] = []
    fetch = logs.after

    def counted(appserver_id: int, last_id: int) -> Any:
        asked.append(appserver_id)
        return fetch(appserver_id, last_id)

    monkeypatch.setattr(logs, "after", counted)
    token = token_of(demo)

    async def scene() -> None:
        async with (
            stream("appserver-events", made.pk, token=token) as first,
            stream("appserver-events", made.pk, token=token) as second,
        ):
            await write(made, "for both")
            await asyncio.gather(lines_until(first, "for both"), lines_until(second, "for both"))

    played(scene)
    assert asked == [made.pk]


def test_each_watcher_is_sent_what_it_lacks(demo: OpenEdXInstance, hub: Hub) -> None:
    made = make_appserver(demo)
    token = token_of(demo)

    async def scene() -> None:
        first = await write(made, "seen by one of them")
        async with (
            stream("appserver-events", made.pk, token=token, after=first) as ahead,
            stream("appserver-events", made.pk, token=token) as behind,
        ):
            await write(made, "new to both")
            assert "seen by one" not in await lines_until(ahead, "new to both")
            assert "seen by one" in await lines_until(behind, "new to both")

    played(scene)


def test_nobody_looks_once_the_last_watcher_is_gone(demo: OpenEdXInstance, hub: Hub) -> None:
    async def scene() -> None:
        async with stream("instance-events", demo.pk):
            looking = hub.looking
            assert looking
        await asyncio.wait_for(looking, 30)
        assert hub.looking is None

    played(scene)


def test_silence_is_filled_so_that_proxies_keep_the_connection(
    demo: OpenEdXInstance, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "KEEP_ALIVE", 0.01)
    token = token_of(demo)

    async def scene() -> None:
        async with stream("instance-events", demo.pk, token=token) as result:
            assert await anext(result) == ": nothing new"

    played(scene)


def test_a_stream_ends_in_time_so_that_the_right_to_look_is_asked_again(
    demo: OpenEdXInstance, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "KEEP_ALIVE", 0.01)
    monkeypatch.setattr(streams, "LONGEST", 0.02)
    token = token_of(demo)

    async def scene() -> None:
        async with stream("instance-events", demo.pk, token=token) as result:
            assert {event async for event in result} <= {": nothing new"}

    played(scene)
