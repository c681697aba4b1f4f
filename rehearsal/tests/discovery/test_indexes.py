import io
import re

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from rehearsal.common.releases import parse
from rehearsal.discovery.core.models import Partner
from rehearsal.discovery.course_metadata import search_indexes
from rehearsal.discovery.course_metadata.models import CourseRun
from rehearsal.discovery.course_metadata.search_indexes.building import Built
from rehearsal.discovery.course_metadata.search_indexes.connection import search_server
from rehearsal.discovery.course_metadata.search_indexes.documents import CourseRunDocument
from tests.discovery.conftest import make_run


def count(alias: str) -> int:
    return int(search_server().count(index=alias)["count"])


def test_each_alias_means_one_index_with_a_time_in_its_name(indexed: Partner, search: str) -> None:
    for kind, expected in (("course", 4), ("course_run", 4), ("program", 0)):
        alias = f"{search}_{kind}"
        [index] = search_server().indices.get_alias(name=alias)
        assert re.fullmatch(rf"{alias}_\d{{8}}_\d{{6}}", index)
        assert count(alias) == expected


@pytest.mark.parametrize("release", ["juniper.2", "lilac.1"])
def test_without_indexes_nothing_is_updated(
    runs: Partner, search: str, settings: Settings, release: str
) -> None:
    settings.RELEASE = parse(release)
    with pytest.raises(CommandError, match="no such index"):
        call_command("update_index")
    assert search_server().indices.get(index=f"{search}*") == {}


def test_from_nothing_to_something_is_too_much_at_once(runs: Partner, search: str) -> None:
    call_command("install_es_indexes")
    output = io.StringIO()
    with pytest.raises(CommandError, match=r"Sanity check failed.*0 → 4"):
        call_command("update_index", stdout=output)
    assert count(f"{search}_course_run") == 0
    # What is as it was moves all the same.
    assert f"{search}_program means" in output.getvalue()
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
    output = io.StringIO()
    call_command("install_es_indexes", stdout=output)
    assert output.getvalue().count("is there") == 5
    assert count(f"{search}_course_run") == 4


def test_before_lilac_one_index_holds_all(runs: Partner, search: str, settings: Settings) -> None:
    settings.RELEASE = parse("juniper.2")
    call_command("install_es_indexes")
    call_command("update_index", "--disable-change-limit")
    assert count(search) == 8
    call_command("update_index")


def test_up_to_koa_an_empty_index_is_refused_even_after_an_empty_one(
    partner: Partner, search: str, settings: Settings
) -> None:
    settings.RELEASE = parse("koa.3")
    call_command("install_es_indexes")
    call_command("update_index", "--disable-change-limit")
    with pytest.raises(CommandError, match=r"Sanity check failed.*0 → 0"):
        call_command("update_index")


@pytest.mark.parametrize("release, indexed", [("ironwood.2", 4), ("juniper.2", 3)])
def test_since_juniper_a_run_without_seats_is_not_indexed(
    runs: Partner, settings: Settings, release: str, indexed: int
) -> None:
    settings.RELEASE = parse(release)
    CourseRun.objects.all()[0].seats.all().delete()
    assert CourseRunDocument().get_queryset().count() == indexed
    assert search_indexes.CourseRunIndex().index_queryset().count() == indexed


def test_haystack_s_name_of_the_index_is_gone_since_lilac() -> None:
    assert not hasattr(search_indexes, "CourseRunIndex")


def test_the_documented_order_leaves_the_index_empty(
    partner: Partner, search: str, settings: Settings
) -> None:
    settings.RELEASE = parse("juniper.2")
    call_command("install_es_indexes")
    call_command("update_index", "--disable-change-limit")
    make_run(partner, "X", "late")
    assert count(search) == 0
    with pytest.raises(CommandError, match="Sanity check"):
        call_command("update_index")


def test_all_but_three_old_indexes_of_each_kind_are_removed_on_demand(
    indexed: Partner, search: str
) -> None:
    def number() -> int:
        return len(search_server().indices.get(index=f"{search}*"))

    # Five by install_es_indexes, and five by each update.
    assert number() == 10
    call_command("remove_unused_indexes")
    assert number() == 10
    for _ in range(4):
        call_command("update_index")
    assert number() == 30
    call_command("remove_unused_indexes")
    assert number() == 5 * (3 + 1)
    assert count(f"{search}_course_run") == CourseRun.objects.count()


def test_an_account_with_a_prefix_needs_names_that_have_it(
    runs: Partner, search: str, settings: Settings
) -> None:
    security = search_server().security
    indices = [{"names": [f"{search}_*"], "privileges": ["all"]}]
    security.put_role(name=search, body={"cluster": ["monitor"], "indices": indices})
    security.put_user(username=search, body={"password": "secret", "roles": [search]})
    host = settings.ELASTICSEARCH_URL.rpartition("@")[2]
    search_server().close()
    search_server.cache_clear()
    settings.ELASTICSEARCH_URL = f"http://{search}:secret@{host}"
    for command in ("install_es_indexes", "update_index", "remove_unused_indexes"):
        flags = ["--disable-change-limit"] if command == "update_index" else []
        call_command(command, *flags)
    assert count(f"{search}_course_run") == 4
    settings.ELASTICSEARCH_INDEX_NAMES = {kind: kind for kind in settings.ELASTICSEARCH_INDEX_NAMES}
    with pytest.raises(CommandError, match="403"):
        call_command("install_es_indexes")


def test_a_search_server_that_is_away_is_told_in_one_sentence(
    runs: Partner, search: str, settings: Settings
) -> None:
    search_server().close()
    search_server.cache_clear()
    settings.ELASTICSEARCH_URL = "http://127.0.0.1:1/"
    with pytest.raises(CommandError, match="The search server refused"):
        call_command("update_index")
