"""The table of results, for a terminal and for its page."""

import re
from datetime import date
from pathlib import Path

import pytest

from tests.conformance import table
from tests.conformance.contracts import CONTRACTS

ROW = table.row(("juniper.2", "ecommerce", "installed", "refund"), "passed", date(2026, 5, 4))


def test_a_terminal_gets_aligned_columns() -> None:
    head, line = table.plain([ROW])
    assert line == "juniper.2  ecommerce  installed  refund    passed  2026-05-04"
    assert head.index("contract") == line.index("refund")


def test_a_page_gets_a_row_for_each_service_with_what_did_not_pass() -> None:
    failure = (*ROW[:3], "sign-on", "failed", "2026-05-04")
    skip = (*ROW[:3], "partner", "skipped", "2026-05-05")
    assert list(table.summary([ROW, failure, skip])) == [
        (*ROW[:3], "1 passed; failed: sign-on; skipped: partner", "2026-05-05")
    ]


def test_a_page_keeps_its_text_and_the_results_of_other_services(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{table.BEGIN}{table.END}after\n")
    later = table.row(("ironwood.2", *ROW[1:4]), "failed", date(2026, 5, 5))
    for rows in ([ROW], [table.row(ROW[:4], "failed", date(2026, 5, 3))], [ROW], [later]):
        table.write(rows, page)
    ours = "| juniper.2 | ecommerce | installed | 1 passed | 2026-05-04 |\n"
    theirs = "| ironwood.2 | ecommerce | installed | 0 passed; failed: refund | 2026-05-05 |\n"
    head = table.markdown([])
    assert page.read_text() == f"before\n{table.BEGIN}{head}{theirs}{ours}{table.END}after\n"


def test_a_page_without_a_place_for_the_table_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no table\n")
    with pytest.raises(AssertionError, match="has no line"):
        table.write([ROW], page)


def test_the_page_has_a_place_for_the_table() -> None:
    text = table.PAGE.read_text()
    assert 0 < text.index(table.BEGIN) < text.index(table.END)


def test_the_page_names_each_contract() -> None:
    text = table.PAGE.read_text()
    names = [re.sub("set-up step (.*): .*", r"\1", contract.name) for contract in CONTRACTS]
    assert [name for name in names if name not in text] == []
