"""Selections hold no instance that the author of the YAML does not mean."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocim.core.errors import ValidationError
from ocim.core.rollout_request import RolloutRequest
from ocim.operations.rollouts.lookups import check_lookups
from ocim.operations.rollouts.selection import select
from ocim.parsing.arguments import mapping_of_argument
from ocim.project import patterns
from ocim.store.fields import Encrypted
from ocim.store.models import InstanceReference, InstanceTag, OpenEdXInstance
from tests.operations.rollouts.meaning import COMPARISONS, meant
from tests.world import World

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ORDERED = {"exact", "in", "gt", "gte", "lt", "lte", "range", "isnull"}
TEXT = ORDERED | {"iexact", "contains", "icontains", "startswith", "istartswith", "endswith",
                  "iendswith", "regex", "iregex"}  # fmt: skip
OF_DAYS = ("year", "iso_year", "month", "day", "week", "week_day", "iso_week_day", "quarter")
OF_TIMES = ("hour", "minute", "second")


def filterable(model: type[models.Model]) -> Iterator[Any]:
    for field in model._meta.fields:
        refused = isinstance(field, (Encrypted, models.JSONField)) or "password" in field.name
        if not refused and not field.is_relation:
            yield field


def lookups_of(prefix: str, field: Any) -> Iterator[tuple[str, str, type]]:
    """Yield every lookup of a field: its path, its comparison, and the type of its values."""
    path = prefix + field.name
    if isinstance(field, models.DateField):
        is_time = isinstance(field, models.DateTimeField)
        kind: type = datetime if is_time else date
        for part in (*OF_DAYS, *(OF_TIMES if is_time else ())):
            yield from ((f"{path}__{part}", item, int) for item in sorted(ORDERED))
        if is_time:
            yield from ((f"{path}__date", item, date) for item in sorted(ORDERED))
            yield from ((f"{path}__time", item, time) for item in sorted(ORDERED))
        yield from ((path, item, kind) for item in sorted(ORDERED))
    elif isinstance(field, models.BooleanField):
        yield from ((path, item, bool) for item in ("exact", "isnull"))
    elif isinstance(field, models.IntegerField):
        yield from ((path, item, int) for item in sorted(ORDERED))
    elif isinstance(field, models.FloatField):
        yield from ((path, item, float) for item in sorted(ORDERED))
    else:
        yield from ((path, item, str) for item in sorted(TEXT))


def every_lookup() -> Iterator[tuple[str, str, type]]:
    """Yield lookups of an instance, and over each kind of relation."""
    reached: dict[str, Any] = {"": OpenEdXInstance}
    for field in OpenEdXInstance._meta.get_fields():
        if field.name in ("ref_set", "tags", "domain_set", "search_server", "database_server"):
            reached[f"{field.name}__"] = field.related_model
    for prefix, model in reached.items():
        for item in filterable(model):
            yield from lookups_of(prefix, item)
    for relation in ("ref_set", "tags", "domain_set", "search_server", "database_server"):
        yield from ((relation, item, int) for item in ("exact", "in", "isnull"))


EVERY = list(every_lookup())
VARIED = [
    item for item in EVERY
    if item[0].startswith(("id", "name", "openedx", "tags", "ref_set__id", "ref_set__organization",
                          "ref_set__notes", "ref_set__created", "ref_set__held_from"))
]  # fmt: skip
WORDS = ["Acme", "acme", "ACME", "Über", "über", "a%b", "a_b", "axb", "a.b", "a\\b", "(a", "1.10",
         "1.1", "12", "no", "", "true", "null", "c'd", 'e"f', "[12]", "*"]  # fmt: skip
TIMES = [
    datetime(2026, 1, 1, 0, 0, tzinfo=UTC),
    datetime(2026, 1, 1, 23, 59, 59, tzinfo=UTC),
    datetime(2025, 12, 29, 12, 30, tzinfo=UTC),
    datetime(2024, 2, 29, 6, tzinfo=UTC),
]


@pytest.fixture
def varied(world: World) -> list[OpenEdXInstance]:
    """Return instances whose fields differ in case, in null, and in marks of patterns."""
    made = [world.make_instance().pk for _ in range(6)]
    tags = [InstanceTag.objects.create(name=name) for name in ("early", "Early", "a_b", "axb")]
    for at, pk in enumerate(made):
        OpenEdXInstance.objects.filter(pk=pk).update(
            successfully_provisioned=True,
            name=WORDS[at],
            openedx_release=WORDS[(at + 5) % len(WORDS)],
            configuration_version=WORDS[(at + 10) % len(WORDS)],
            edx_platform_commit=WORDS[(at + 15) % len(WORDS)],
            flavor="" if at % 2 else "large",
            openedx_appserver_count=at + 1,
            search_server=None,
        )
        InstanceReference.objects.filter(pk=pk).update(
            organization=WORDS[(2 * at) % len(WORDS)],
            notes=f"{WORDS[at]}\nand {WORDS[-at]}",
            created=TIMES[at % len(TIMES)],
            held_from=(TIMES[at % len(TIMES)] + timedelta(days=at)).date() if at % 2 else None,
        )
        OpenEdXInstance.objects.get(pk=pk).tags.set(tags[: at % 4])
    related = OpenEdXInstance.objects.select_related("ref_set", "database_server", "search_server")
    return list(related.prefetch_related("tags", "domain_set").order_by("pk"))


def ids(*instances: OpenEdXInstance) -> set[int]:
    return {instance.pk for instance in instances}


def chosen(yaml_text: str, *, excluding: bool = False) -> set[int]:
    """Return the ids that the command selects for a YAML text."""
    lookups = mapping_of_argument(yaml_text, option="--filter", otherwise="")
    request = RolloutRequest("lilac")
    request = replace(request, exclude=lookups) if excluding else replace(request, filter=lookups)
    return set(select(request, NOW).chosen)


def times() -> st.SearchStrategy[str]:
    first, last = datetime(2023, 1, 1), datetime(2027, 1, 1)  # noqa: DTZ001 - so it is wanted
    some = st.sampled_from(TIMES) | st.datetimes(first, last, timezones=st.just(UTC))
    return some.map(lambda at: at.replace(tzinfo=None).isoformat(" ")) | some.map(str)


VALUES: dict[type, st.SearchStrategy[Any]] = {
    str: st.sampled_from(WORDS) | st.text("aAcmeüÜ._%(1", max_size=3),
    bool: st.booleans(),
    int: st.integers(-1, 13) | st.sampled_from([2024, 2025, 2026, 2**62]),
    float: st.floats(-2, 2),
    datetime: times(),
    date: st.sampled_from(TIMES).map(lambda at: str(at.date())),
    time: st.sampled_from(TIMES).map(lambda at: at.time().isoformat()),
}


def right(kind: type, comparison: str) -> st.SearchStrategy[Any]:
    """Return values of the right type."""
    if comparison == "isnull":
        return st.booleans()
    item = VALUES[kind]
    if comparison == "in":
        return st.lists(item, min_size=1, max_size=3)
    return st.lists(item, min_size=2, max_size=2).map(sorted) if comparison == "range" else item


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 20) | st.floats(0, 2) | st.sampled_from(WORDS),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.just("id"), below, max_size=1),
    max_leaves=3,
)


@st.composite
def lookups(draw: st.DrawFn) -> dict[str, Any]:
    written = {}
    size = draw(st.sampled_from([1, 1, 1, 2, 3]))
    some = st.sampled_from(VARIED) | st.sampled_from(EVERY)
    for path, comparison, kind in draw(st.lists(some, min_size=size, max_size=size)):
        name = path if comparison == "exact" and draw(st.booleans()) else f"{path}__{comparison}"
        written[name] = draw(right(kind, comparison) if draw(st.integers(0, 9)) else ANYTHING)
    return written


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(lookups=lookups())
def test_what_is_selected_is_what_the_yaml_means(
    varied: list[OpenEdXInstance], lookups: dict[str, Any]
) -> None:
    written = yaml.safe_dump(lookups, allow_unicode=True)
    try:
        selected = chosen(written)
    except ValidationError:
        return
    assert selected == meant(varied, lookups)
    assert chosen(written, excluding=True) == ids(*varied) - selected


def test_every_lookup_takes_the_values_of_its_field(varied: list[OpenEdXInstance]) -> None:
    own: dict[type, list[Any]] = {
        str: ["Acme", "axb"], int: [1, 4], bool: [False, True], float: [0.5, 1.5],
        datetime: ["2025-12-29 12:30", "2026-01-01 23:59:59"],
        date: ["2025-12-29", "2026-01-01"], time: ["06:00", "23:59:59"],
    }  # fmt: skip
    for path, comparison, kind in EVERY:
        values = own[kind]
        value = values if comparison in ("in", "range") else values[0]
        name = f"{path}__{comparison}"
        wanted = {name: True if comparison == "isnull" else value}
        result = OpenEdXInstance.objects.filter(check_lookups("--filter", wanted))
        assert set(result.values_list("pk", flat=True)) == meant(varied, wanted), wanted


def test_no_lookup_is_forgotten() -> None:
    assert {comparison for _, comparison, _ in EVERY} == COMPARISONS


def test_lookups_that_one_database_has_no_word_for_are_all_asked_for(
    varied: list[OpenEdXInstance],
) -> None:
    both = {"name__startswith": "A", "name__endswith": "e", "name__contains": "cm"}
    assert chosen(yaml.safe_dump(both)) == meant(varied, both) == ids(varied[0])


REFUSED = [
    ('{adopted_databases: {}}', "adopted_databases: nothing can be selected by this field: what it"
     " holds is not comparable."),
    ('{ref_set__id__in: "12"}', "ref_set__id__in: '12' does not fit: it is a text, and this lookup"
     " takes a list of whole numbers. Write [12]."),
    ('{ref_set__id__in: "12, 13"}', "ref_set__id__in: '12, 13' does not fit: it is a text, and"
     " this lookup takes a list of whole numbers. Write [12, 13]."),
    ("{ref_set__id__in: 12}", "ref_set__id__in: 12 does not fit: it is a number, and this lookup"
     " takes a list of whole numbers. Write [12]."),
    ("{name__in: Campus}", "name__in: 'Campus' does not fit: it is a text, and this lookup takes a"
     " list of texts. Write ['Campus']."),
    ("{id__in: ['1']}", "id__in: '1' does not fit: it is a text, and this lookup takes a whole"
     " number. Write it without quotes: 1."),
    ("{id__in: [1, null]}", "id__in: None does not fit: it is no value, and this lookup takes a"
     " whole number."),
    ("{id__in: [true]}", "id__in: True does not fit: it is true in YAML, and this lookup takes a"
     " whole number."),
    ("{id__in: []}", "id__in: the list is empty. Write a list of whole numbers, or leave the"
     " lookup out."),
    ("{id__range: [1]}", "id__range: [1] does not fit: this lookup takes a pair of whole numbers,"
     " [least, greatest]."),
    ("{id__range: [9, 1]}", "id__range: [9, 1] does not fit: the least comes first."),
    ("{openedx_release: 1.10}", "openedx_release: 1.10 does not fit: it is a number, and this"
     " lookup takes a text. Write it in quotes: '1.10'."),
    ("{openedx_release: 1_0}", "openedx_release: 1_0 does not fit: it is a number, and this"
     " lookup takes a text. Write it in quotes: '1_0'."),
    ("{name: No}", "name: No does not fit: it is false in YAML, and this lookup takes a text."
     " Write it in quotes: 'No'."),
    ("{name: [A, B]}", "name: ['A', 'B'] does not fit: it is a list, and this lookup takes a text."
     " For several: name__in"),
    ("{name: {id: 1}}", "name: {'id': 1} does not fit: it is a mapping, and this lookup takes a"
     " text."),
    ("{name: null}", "name: null is no value to compare with. For fields without one:"
     " name__isnull: true"),
    ("{ref_set__held_from: }", "ref_set__held_from: null is no value to compare with. For fields"
     " without one: ref_set__held_from__isnull: true"),
    ("{ref_set__held_from__isnull: 'yes'}", "ref_set__held_from__isnull: 'yes' does not fit: it is"
     " a text, and this lookup takes true or false. Write true."),
    ("{successfully_provisioned: 0}", "successfully_provisioned: 0 does not fit: it is a number,"
     " and this lookup takes true or false. Write false."),
    ("{id: many}", "id: 'many' does not fit: it is a text, and this lookup takes a whole number."),
    ("{id: 1.0}", "id: 1.0 does not fit: it is a number, and this lookup takes a whole number."),
    ("{tags: early}", "tags: 'early' does not fit: it is a text, and this lookup takes a whole"
     " number (an id; by name: tags__name)."),
    ("{name: ''}", "name: '' does not fit: no instance has it. Leave the lookup out."),
    ("{flavor__contains: ''}", "flavor__contains: '' does not fit: every instance has it. Leave"
     " the lookup out."),
    ("{name__regex: '('}", "name__regex: '(' does not fit: it is no regular expression (missing ),"
     " unterminated subpattern at position 0)."),
    ("{name: \"A\\u00a0B\"}", "name: 'A\\xa0B' does not fit: take out what does not show."
     " Character 2 is a no-break space (U+00A0)."),
    ("{\"name\\u200b\": A}", "unknown field 'name\\u200b'. Did you mean 'name'?"
     " Character 5 is a zero width space (U+200B)."),
    ("{ref_set__created: '2026-01-01'}", "ref_set__created: '2026-01-01' does not fit: it has no"
     " time of day. Write '2026-01-01 00:00' for its beginning (UTC), or ref_set__created__date"
     " for all of it."),
    ("{ref_set__created__lte: '2026-01-01'}", "ref_set__created__lte: '2026-01-01' does not fit:"
     " it has no time of day. Write '2026-01-01 00:00' for its beginning (UTC), or"
     " ref_set__created__date__lte for all of it."),
    ("{ref_set__created__gt: June}", "ref_set__created__gt: 'June' does not fit: it is a text, and"
     " this lookup takes a day and a time in UTC, as '2026-06-12 22:00'."),
    ("{ref_set__held_from: '2026-02-30'}", "ref_set__held_from: '2026-02-30' does not fit: it is a"
     " text, and this lookup takes a day, as '2026-06-12'."),
    ("{appserver_set__state: runing}", "appserver_set__state: 'runing' does not fit: it is none of"
     " new, waiting-for-host, provisioning, checking, running, failed, terminated."),
    ("{secret_seed: x}", "secret_seed: secret_seed is encrypted in the database, so that nobody can"
     " select instances by what it holds. Use another field, or tags."),
    ("{edx_platform_repository_url: 'https://me:key@git.example.com/x'}",
     "edx_platform_repository_url: the account in a URL is encrypted: nothing can be selected by"
     " it."),
    ("{ref_set__creator__password__startswith: p}", "ref_set__creator__password__startswith:"
     " nothing can be selected by this field: what it holds is not comparable."),
    ("{upgrade__before__name: x}", "upgrade__before__name: nothing can be selected by this field:"
     " what it holds is not comparable."),
    ("{id__contains: 1}", "unknown lookup 'id__contains'. After id, write one of exact,"
     " gt, gte, in, isnull, lt, lte, range."),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("text, fault", REFUSED, ids=[text for text, _ in REFUSED])
def test_a_value_of_another_type_than_its_field_is_refused(text: str, fault: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_lookups("--filter", mapping_of_argument(text, option="--filter", otherwise=""))
    [output] = refused.value.faults
    assert output == f"--filter: {fault}"


@pytest.mark.parametrize("comparison", ["regex", "iregex"])
def test_a_regular_expression_that_takes_too_long_is_refused(
    varied: list[OpenEdXInstance], comparison: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "SEARCH_SECONDS", 0.05)
    varied[0].name = "a" * 60 + "!"
    varied[0].save()
    with pytest.raises(ValidationError) as refused:
        chosen(f"{{name__{comparison}: (a|aa)+$}}")
    assert refused.value.faults == (
        f"--filter: name__{comparison}: '(a|aa)+$' takes too long to search for. Write it without"
        " alternatives or repetitions within a repetition, such as (a|aa)+.",
    )


def test_a_repetition_within_a_repetition_is_searched_for_in_time(
    varied: list[OpenEdXInstance],
) -> None:
    varied[0].name, varied[1].name = "a" * 60 + "!", "a" * 60
    for instance in varied[:2]:
        instance.save()
    assert chosen("{name__regex: ^(a+)+$}") == ids(varied[1])


def test_encrypted_accounts_in_urls_are_not_compared(varied: list[OpenEdXInstance]) -> None:
    url = "https://me:key@git.example.com/x"
    varied[0].edx_platform_repository_url = url
    varied[0].save()
    with pytest.raises(ValidationError, match="some URLs hold an account, which is encrypted"):
        check_lookups("--exclude", {"edx_platform_repository_url__contains": "A"})
    assert chosen("{edx_platform_repository_url__endswith: com/x}") == ids(varied[0])


def test_times_without_a_zone_are_in_utc(varied: list[OpenEdXInstance]) -> None:
    at_once = {"ref_set__created": "2026-01-01 23:59:59"}
    assert chosen(yaml.safe_dump(at_once)) == meant(varied, at_once) == ids(varied[1], varied[5])
    elsewhere = {"ref_set__created": "2026-01-02T00:59:59+01:00"}
    assert chosen(yaml.safe_dump(elsewhere)) == ids(varied[1], varied[5])


def test_a_day_stands_for_its_beginning_where_that_is_not_ambiguous(
    varied: list[OpenEdXInstance],
) -> None:
    since = {"ref_set__created__gte": "2026-01-01"}
    before = {"ref_set__created__lt": "2026-01-01"}
    result = chosen(yaml.safe_dump(since))
    assert result == meant(varied, since)
    assert chosen(yaml.safe_dump(before)) == ids(*varied) - result


def test_an_instance_is_excluded_where_the_text_that_was_meant_for_a_list_names_it(
    varied: list[OpenEdXInstance], tmp_path: Path
) -> None:
    file = tmp_path / "exclude.yml"
    file.write_text(f"ref_set__id__in: [{varied[0].pk}, {varied[1].pk}]\n")
    assert chosen(f"@{file}", excluding=True) == ids(*varied[2:])
