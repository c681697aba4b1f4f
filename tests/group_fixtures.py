"""Groups of tests: they come first, and their fixtures end with them.

A process of the runner goes on to other tests when a group is over. An installation that nobody
uses any more would take processors and memory until the last one has ended; and a group that
comes last keeps one process busy while the others have nothing to do.
"""

from collections.abc import Generator
from inspect import isgeneratorfunction

import pytest

PLUGINS = ("_pytest.", "pytest_")
"""Beginnings of modules whose fixtures serve every test."""


class GroupFixtures:
    """Plugin that ends the session's fixtures of a group after the last test of the group."""

    def __init__(self) -> None:
        self._running: list[tuple[pytest.FixtureDef[object], pytest.FixtureRequest]] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Remember each fixture that has something to end, except those of all tests."""
        result = yield
        is_of_all = fixturedef._autouse or fixturedef.func.__module__.startswith(PLUGINS)
        ends = fixturedef.scope == "session" and isgeneratorfunction(fixturedef.func)
        if ends and not is_of_all:
            self._running.append((fixturedef, request))
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """End them where the next test is of another group."""
        result = yield
        group = _group(item)
        if group and nextitem and _group(nextitem) != group:
            while self._running:
                fixturedef, request = self._running.pop()
                fixturedef.finish(request)  # type: ignore[arg-type]  # what set it up has one
        return result


class GroupsFirst:
    """Plugin that puts the tests of groups before all others, in whatever order they are."""

    @pytest.hookimpl(trylast=True)  # after they were shuffled
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Let the short tests fill the processes at the end."""
        items.sort(key=lambda item: _group(item) is None)


def _group(item: pytest.Item) -> str | None:
    marker = item.get_closest_marker("xdist_group")
    return marker and str(marker.args[0])
