"""A rollout that makes no sense is refused before anything begins."""

import json
from pathlib import Path

import pytest

from ocim.store.models import OpenEdXInstance
from tests.console.conftest import CAMPUS, Installation
from tests.entry.traces import refused

OPTIONS = [
    (("--batch-size=0",), "--batch-size must be 1 or more"),
    (("--batch-size=-1", "--num-attempts=0"), "--num-attempts must be 1 or more"),
    (("--batch-size=many",), "invalid int value"),
    (("--stagger=nan",), "--stagger"),
    (("--stagger=-1",), "--stagger"),
    (("--batch-frequency=inf",), "--batch-frequency"),
    (("--canary=-1",), "--canary"),
    (("--max-same-cause=-1",), "--max-same-cause"),
    (("--max-failures=-1",), "--max-failures: '-1'"),
    (("--max-failures=half",), "--max-failures: 'half'"),
    ((f"--max-failures={'9' * 5000}",), "--max-failures"),
    (("--window=25:00-05:00",), "--window: '25:00-05:00' is not a window"),
    (("--window=05:00-05:00",), "--window"),
    (("--filter={nmae: x}",), "Did you mean 'name'?"),
    (("--filter={name__foo: x}",), "--filter"),
    (("--filter={id: many}",), "--filter: id: 'many' does not fit"),
    (("--filter={id: 99999999999999999999}",), "--filter"),
    (("--filter=[name]",), "--filter, line 1"),
    (("--filter={name__regex: '('}",), "--filter: name__regex"),
    (("--filter=@/nowhere.yml",), "--filter: cannot read /nowhere.yml"),
    (("--exclude={name: x, name: y}",), "--exclude, line 1"),
    (("--update={nmae: x}",), "--update: unknown field 'nmae'"),
    (("--update={openedx_release: 1.1}",), "--update: openedx_release: 1.1 is no text"),
    (("--update={openedx_appserver_count: -1}",), "openedx_appserver_count"),
    (("--update={time_zone: Mars}",), "'Mars' is not a time zone"),
    (("--update={internal_lms_domain: 'a b'}",), "internal_lms_domain"),
    (("--preupgrade-sql-commands=DROP TABLE x",), "must be a list of SQL statements"),
    (("--preupgrade-sql-commands=[1, 2]",), "line 1, column 5: this item is not an SQL statement"),
    (("--preupgrade-sql-commands=[]",), "must be a list of SQL statements"),
    (("--tag=",), "--tag"),
    (("--tag=a\x00b",), "--tag"),
    ((f"--tag={'t' * 200}",), "this one has 200"),
    (("--tag=x-failed",), '--tag must not end in "-failed"'),
    (("--plan=x.json",), "--plan cannot be combined with --tag"),
]


@pytest.mark.parametrize("words, says", OPTIONS, ids=[words[0][:50] for words, _ in OPTIONS])
def test_bad_options_are_refused_by_their_names(
    ocim: Installation, campus: int, words: tuple[str, ...], says: str
) -> None:
    refused(ocim, ("redeploy", "--tag=good", "--force", *words), says, status=2)


PLANS = [
    pytest.param(b"", "is no plan", id="empty"),
    pytest.param(b"\x7fELF\xff", "is no plan", id="binary"),
    pytest.param(b"[" * 100_000, "is no plan", id="nested"),
    pytest.param(b"[]", "not a plan", id="a list"),
    pytest.param(b"7", "not a plan", id="a number"),
    pytest.param(b"{}", "not a plan", id="nothing in it"),
    pytest.param(b'{"tag": 1, "items": [1], "update": {}, "sql": []}', "not a plan", id="items"),
    pytest.param(b'{"tag": "x", "items": [], "update": {}, "sql": 7}', "not a plan", id="SQL"),
    pytest.param(
        b'{"tag": "x", "items": [], "update": {}, "sql": [], "hash": "x"}',
        "not a plan",
        id="nothing sealed",
    ),
]


@pytest.mark.parametrize("content, says", PLANS)
def test_what_is_no_plan_is_refused(
    ocim: Installation, tmp_path: Path, content: bytes, says: str
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_bytes(content)

    refused(ocim, ("redeploy", "--force", f"--plan={plan}"), says, status=2)


@pytest.mark.parametrize("path", ["/nowhere.json", "/", f"/{'x' * 300}"])
def test_a_plan_that_cannot_be_read_is_refused(ocim: Installation, path: str) -> None:
    refused(ocim, ("redeploy", f"--plan={path}"), f"--plan: cannot read {path}", status=2)


def test_a_plan_with_another_tag_than_it_was_made_with_is_refused(
    ocim: Installation, campus: int, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    assert ocim("redeploy", "--tag=good", f"--plan-out={plan}").status == 0
    plan.write_text(json.dumps({**json.loads(plan.read_text()), "request": {"tag": "other"}}))

    refused(ocim, ("redeploy", "--force", f"--plan={plan}"), "was changed", status=2)


@pytest.mark.parametrize("name", ["nowhere/plan.json", "", "x" * 300])
def test_a_plan_that_cannot_be_written_leaves_no_part_of_it(
    ocim: Installation, campus: int, tmp_path: Path, name: str
) -> None:
    directory = tmp_path / "plans"
    directory.mkdir()

    out = f"--plan-out={directory / name}"
    ran = ocim("redeploy", "--tag=good", out)

    assert (ran.status, list(directory.iterdir())) == (2, [])
    assert "--plan-out" in ran.err


def test_a_device_is_not_made_a_plan_of(ocim: Installation, campus: int) -> None:
    before = Path("/dev/null").stat().st_mode

    ran = ocim("redeploy", "--tag=good", "--plan-out=/dev/null")

    assert (ran.status, Path("/dev/null").stat().st_mode) == (2, before)
    assert "/dev/null exists and is not a file" in ran.err


def test_nobody_to_ask_means_no(ocim: Installation, campus: int) -> None:
    ran = ocim("redeploy", "--tag=good", "--update={name: x}")

    assert ran.status == 2
    assert "--force" in ran.err
    assert CAMPUS in ran.out
    assert OpenEdXInstance.objects.get(pk=campus).name != "x"
