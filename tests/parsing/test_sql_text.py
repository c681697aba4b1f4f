import sqlite3

import pytest

from ocim.core.errors import ValidationError
from ocim.parsing.sql_text import fault_of, read_statements

TRIGGER = """CREATE TRIGGER kept AFTER DELETE ON course WHEN old.name <> 'a' BEGIN
    INSERT INTO gone VALUES (CASE WHEN old.name = 'b' THEN 1 ELSE 2 END);
    DELETE FROM page;
END;"""
SINGLE = [
    "SELECT 1",
    "SELECT 1;",
    "SELECT 1;;",
    "UPDATE a SET b = ';', c = 'it''s; so'",
    'SELECT "a;b", `c;d`, [e;f] FROM g -- ; DELETE FROM g',
    "/* one; two */ SELECT 1; -- the end",
    "-- a reason;\nSELECT 1",
    "BEGIN",
    "BEGIN TRANSACTION;",
    "COMMIT; /* at last */",
    "SELECT CASE WHEN a THEN b END FROM c;",
    TRIGGER,
]
SEVERAL = [
    ("SELECT 1; SELECT 2", "contains 2 SQL statements; the second starts with 'SELECT 2'"),
    ("BEGIN; UPDATE a SET b = 1; COMMIT;", "contains 3 SQL statements"),
    (f"{TRIGGER} DROP TABLE gone", "the second starts with 'DROP TABLE gone'"),
    ("SELECT CASE WHEN a THEN b END;DELETE FROM c", "contains 2 SQL statements"),
    ("SELECT ';' ; ANALYZE\n" + "c" * 60, f"starts with 'ANALYZE {'c' * 32}…'"),
]
NONE = ["", "  \n", ";", "-- nothing", "/* a; b */", "-- a\n;-- b"]


@pytest.mark.parametrize("statement", SINGLE)
def test_one_statement_is_taken_as_it_stands(statement: str) -> None:
    assert fault_of(statement) == ""
    assert sqlite3.complete_statement(f"{statement}\n;")


@pytest.mark.parametrize("item, expected", SEVERAL)
def test_several_in_one_item_are_refused(item: str, expected: str) -> None:
    assert expected in fault_of(item)
    assert "Write each as an item of its own" in fault_of(item)


@pytest.mark.parametrize("item", NONE)
def test_an_item_without_a_statement_is_refused(item: str) -> None:
    assert "contains no SQL statement" in fault_of(item)


def test_all_that_is_wrong_is_told_at_once_with_its_place() -> None:
    text = "- SELECT 1\n- SELECT 1; SELECT 2\n-   # nothing\n- 3\n- '-- no'\n"
    with pytest.raises(ValidationError) as caught:
        read_statements(text, where="sql.yml")
    assert [fault.partition(": ")[0] for fault in caught.value.faults] == [
        f"sql.yml, line {line}, column 3" if line != 3 else "sql.yml, line 3, column 2"
        for line in (2, 3, 4, 5)
    ]
    assert "is not an SQL statement" in caught.value.faults[2]


def test_statements_are_read_in_their_order() -> None:
    assert read_statements("- SELECT 2;\n- SELECT 1\n", where="sql") == ["SELECT 2;", "SELECT 1"]


@pytest.mark.parametrize("text", ["", "[]", "SELECT 1", "a: b"])
def test_anything_but_a_list_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="must be a list of SQL statements"):
        read_statements(text, where="sql")
