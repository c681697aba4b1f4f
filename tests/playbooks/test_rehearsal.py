"""The rehearsal platform from an image on a local host, with an instance's variables.

Modules beside this one look closer at the shop and at discovery, on the same host. Stand-ins of all
services run on a machine, without an image, in `test_brokers.py`.
"""

import httpx
import pytest

from ocim.core.migrations import read_migrations
from tests.playbooks.whole_platform import PASSWORD, WholePlatform, assert_healthy

pytestmark = [pytest.mark.xdist_group("local rehearsal"), pytest.mark.timeout(900)]


def test_migrations_alone_migrate_each_database_and_say_so(whole: WholePlatform) -> None:
    migrations = whole.migrations
    assert migrations.ok, migrations.message
    assert not {"lms", "cms", "ecommerce", "ecomworker", "discovery"} & whole.programs_after_them
    result = {
        service: read_migrations(service, texts.plan, texts.log)
        for service, texts in migrations.migrations.items()
    }
    assert set(result) == {"edxapp", "ecommerce", "discovery"}
    for service, of_service in result.items():
        assert of_service, service
        assert all(item.seconds is not None for item in of_service)
        assert migrations.migrations[service].plan


def test_what_is_left_is_healthy_and_the_whole_would_not_change_it(whole: WholePlatform) -> None:
    assert whole.first.ok, whole.first.message
    assert not [task for task in whole.tasks if task.startswith("virtual environment")]
    assert_healthy(whole.app_server)
    assert (whole.second.ok, whole.changes) == (True, []), whole.second.message


def test_a_search_server_can_be_made_of_a_local_host(whole: WholePlatform) -> None:
    (first, changes), (second, no_changes) = whole.search_runs
    assert first.ok, first.message
    assert second.ok, second.message
    assert changes
    assert no_changes == []
    answer = httpx.get(whole.search_address, auth=("elastic", PASSWORD), timeout=20)
    assert answer.json()["version"]["number"].startswith("7.17")
