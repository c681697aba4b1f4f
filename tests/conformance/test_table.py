"""The table of results, for a terminal and for its page."""

from datetime import date
from pathlib import Path

import pytest

from tests.conformance import table

ROW = table.row(("juniper.2", "ecommerce", "installed", "refund"), "passed", date(2026, 5, 4))


def test_a_terminal_gets_aligned_columns() -> None:
    head, line = table.plain([ROW])
    assert line == "juniper.2  ecommerce  installed  refund    passed  2026-05-04"
    assert head.index("contract") == line.index("refund")


def test_a_page_keeps_all_but_its_table(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{table.BEGIN}old\n{table.END}after\n")
    for _ in range(2):
        table.write([ROW], page)
    text = page.read_text()
    assert text == f"before\n{table.BEGIN}{table.markdown([ROW])}{table.END}after\n"
    assert "| juniper.2 | ecommerce | installed | refund | passed | 2026-05-04 |\n" in text


def test_a_page_without_a_place_for_the_table_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no table\n")
    with pytest.raises(AssertionError, match="has no line"):
        table.write([ROW], page)


def test_the_page_has_a_place_for_the_table() -> None:
    text = table.PAGE.read_text()
    assert 0 < text.index(table.BEGIN) < text.index(table.END)
