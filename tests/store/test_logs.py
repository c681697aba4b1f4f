import pytest

from ocim.store import logs
from ocim.store.logs import LogPage
from ocim.store.models import OpenEdXAppServer
from tests.web.fleet import make_appserver, make_instance, write_line


@pytest.fixture
def appserver(db: None) -> OpenEdXAppServer:
    return make_appserver(make_instance())


def write(appserver: OpenEdXAppServer, *texts: str, level: str = "info", task: str = "") -> None:
    for text in texts:
        write_line(appserver, text, level=level, task=task)


def texts(page: LogPage) -> list[str]:
    return [line.text for line in page.lines]


def search(appserver: OpenEdXAppServer, text: str, *, size: int = 10) -> LogPage:
    return logs.page(logs.of_appserver(appserver.pk), text=text, size=size)


def test_a_log_goes_on_where_it_was_left(appserver: OpenEdXAppServer) -> None:
    write(appserver, "a", "b", "c", "d")
    lines = logs.after(appserver.pk, 0)
    assert logs.after(appserver.pk, lines[1].pk, limit=1) == lines[2:3]


def test_pages_lead_to_the_lines_after_and_before_them(appserver: OpenEdXAppServer) -> None:
    write(appserver, *"abcde")
    lines = logs.of_appserver(appserver.pk)
    first = logs.page(lines, size=2)
    assert (texts(first), first.before) == (["a", "b"], None)
    assert first.after
    second = logs.page(lines, after=first.after, size=2)
    assert second.after
    last = logs.page(lines, after=second.after, size=2)
    assert (texts(last), last.after) == (["e"], None)
    assert last.before
    back = logs.page(lines, before=last.before, size=2)
    assert texts(back) == ["c", "d"]
    assert back.before
    start = logs.page(lines, before=back.before, size=2)
    assert (texts(start), start.before) == (["a", "b"], None)


def test_a_level_has_the_worse_ones_with_it(appserver: OpenEdXAppServer) -> None:
    for level in logs.LEVELS:
        write(appserver, level, level=level)
    lines = logs.of_appserver(appserver.pk, level="warning")
    assert texts(logs.page(lines, size=10)) == ["warning", "error"]


def test_a_text_is_looked_for_in_lines_and_tasks_in_any_case(appserver: OpenEdXAppServer) -> None:
    write(appserver, "Migrate the database", "nothing")
    write(appserver, "ok", task="edxapp : MIGRATE")
    assert texts(search(appserver, "migrate")) == ["Migrate the database", "ok"]


def test_a_page_of_matches_leads_to_the_next_matches(appserver: OpenEdXAppServer) -> None:
    write(appserver, "a 1", "b", "a 2", "b", "a 3")
    first = search(appserver, "a", size=2)
    assert texts(first) == ["a 1", "a 2"]
    assert first.after
    lines = logs.of_appserver(appserver.pk)
    assert texts(logs.page(lines, text="a", after=first.after, size=2)) == ["a 3"]


def test_a_search_reads_so_many_lines_and_says_where_to_go_on(
    appserver: OpenEdXAppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "CHUNK", 2)
    monkeypatch.setattr(logs, "SEARCHED", 4)
    write(appserver, "a", "b", "c", "d", "wanted")
    page = search(appserver, "wanted")
    assert texts(page) == []
    assert page.after
    lines = logs.of_appserver(appserver.pk)
    assert texts(logs.page(lines, text="wanted", after=page.after, size=1)) == ["wanted"]


def test_a_masked_secret_is_not_found_by_its_value(appserver: OpenEdXAppServer) -> None:
    write(appserver, "password=hunter22x")
    assert texts(search(appserver, "hunter")) == []
    assert len(search(appserver, "password").lines) == 1


def test_the_failure_is_the_last_error_with_lines_before_it(
    appserver: OpenEdXAppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "CONTEXT_LINES", 1)
    assert logs.failure(appserver.pk) is None
    write(appserver, "a", "b")
    write(appserver, "failed", level="error")
    write(appserver, "c")
    failure = logs.failure(appserver.pk)
    assert failure
    assert texts(logs.page_from(appserver.pk, failure, size=2)) == ["b", "failed"]


def test_a_log_is_read_in_parts(
    appserver: OpenEdXAppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "CHUNK", 10)
    write(appserver, *"abcde")
    assert [len(part) for part in logs.parts(appserver.pk)] == [2, 2, 1]
