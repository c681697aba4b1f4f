import io
import re

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from rehearsal.common.releases import parse
from rehearsal.discovery.core.models import Partner
from rehearsal.discovery.course_metadata.models import CourseRun
from rehearsal.discovery.search_indexes.building import Built
from rehearsal.discovery.search_indexes.connection import search_server
from tests.discovery.conftest import make_run


def count(alias: str) -> int:
    return int(search_server().count(index=alias)["count"])


def test_each_alias_means_one_index_with_a_time_in_its_name(indexed: Partner, search: str) -> None:
    for kind, expected in (("course", 4), ("course_run", 4), ("program", 0)):
        alias = f"{search}_{kind}"
        [index] = search_server().indices.get_alias(name=alias)
        assert re.fullmatch(rf"{alias}_\d{{8}}_\d{{6}}", index)
        assert count(alias) == expected


def test_without_indexes_nothing_is_updated(runs: Partner, search: str) -> None:
    with pytest.raises(CommandError, match="no such index"):
        call_command("update_index")
    assert search_server().indices.get(index=f"{search}*") == {}


def test_from_nothing_to_something_is_too_much_at_once(runs: Partner, search: str) -> None:
    call_command("install_es_indexes")
    told = io.StringIO()
    with pytest.raises(CommandError, match=r"Sanity check failed.*0 → 4"):
        call_command("update_index", stdout=told)
    assert count(f"{search}_course_run") == 0
    # What is as it was moves all the same.
    assert f"{search}_program means" in told.getvalue()
    call_command("update_index", "--disable-change-limit")
    assert count(f"{search}_course_run") == 4


def test_a_second_update_needs_no_flag(indexed: Partner, search: str) -> None:
    before = list(search_server().indices.get_alias(name=f"{search}_course"))
    call_command("update_index")
    after = list(search_server().indices.get_alias(name=f"{search}_course"))
    assert len(after) == 1
    assert before != after


@pytest.mark.parametrize(
    "before, after, sane",
    [
        (0, 0, True),
        (0, 1, False),
        (10, 11, False),
        (11, 12, True),
        (100, 91, True),
        (100, 90, False),
    ],
)
def test_the_limit_is_strictly_under_ten_per_cent(before: int, after: int, sane: bool) -> None:
    assert Built("alias", "alias_1", before, after).is_sane is sane


def test_making_indexes_again_leaves_them_alone(indexed: Partner, search: str) -> None:
    told = io.StringIO()
    call_command("install_es_indexes", stdout=told)
    assert told.getvalue().count("is there") == 3
    assert count(f"{search}_course_run") == 4


def test_before_lilac_one_index_holds_all_and_is_made_by_itself(
    runs: Partner, search: str, settings: Settings
) -> None:
    settings.RELEASE = parse("juniper.2")
    with pytest.raises(CommandError, match="came with lilac"):
        call_command("install_es_indexes")
    call_command("update_index", "--disable-change-limit")
    assert count(search) == 8
    call_command("update_index")


def test_the_documented_order_leaves_the_index_empty(
    partner: Partner, search: str, settings: Settings
) -> None:
    settings.RELEASE = parse("juniper.2")
    call_command("update_index", "--disable-change-limit")
    make_run(partner, "X", "late")
    assert count(search) == 0
    with pytest.raises(CommandError, match="Sanity check"):
        call_command("update_index")


def test_old_indexes_are_removed_on_demand(indexed: Partner, search: str) -> None:
    call_command("update_index")
    # Three by install_es_indexes, and three by each update.
    assert len(search_server().indices.get(index=f"{search}*")) == 9
    call_command("remove_unused_indexes")
    assert len(search_server().indices.get(index=f"{search}*")) == 3
    assert count(f"{search}_course_run") == CourseRun.objects.count()


def test_a_search_server_that_is_away_is_told_in_one_sentence(
    runs: Partner, search: str, settings: Settings
) -> None:
    search_server().close()
    search_server.cache_clear()
    settings.ELASTICSEARCH_URL = "http://127.0.0.1:1/"
    with pytest.raises(CommandError, match="The search server refused"):
        call_command("update_index")
