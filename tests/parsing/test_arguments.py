from pathlib import Path

import pytest

from ocim.core.errors import ValidationError
from ocim.parsing.arguments import no_such_file, text_of_argument


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "filter.yml"
    path.write_text("name: ü\n")
    return path


@pytest.mark.parametrize("inline", ["{'ref_set__id__in': [200]}", "a: 1", "", "\0", "x" * 5000])
def test_what_names_no_file_is_the_document_itself(inline: str) -> None:
    assert text_of_argument(inline, option="--filter") == (inline, "--filter")


@pytest.mark.parametrize("mark", ["", "@"])
def test_a_file_is_read_with_and_without_the_mark(document: Path, mark: str) -> None:
    assert text_of_argument(f"{mark}{document}", option="--filter") == ("name: ü\n", str(document))


@pytest.mark.parametrize("name", ["missing.yml", "."])
def test_a_marked_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValidationError, match=r"^--filter: cannot read .*: "):
        text_of_argument(f"@{tmp_path / name}", option="--filter")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"\xff\xd8")
    with pytest.raises(ValidationError, match="not a text file in UTF-8"):
        text_of_argument(f"@{tmp_path / 'image'}", option="--filter")


def test_a_home_is_found_with_and_without_the_mark(
    document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(document.parent))
    for name in ("@~/filter.yml", "~/filter.yml"):
        assert text_of_argument(name, option="--filter") == ("name: ü\n", str(document))


@pytest.mark.parametrize(
    "argument, expected",
    [
        ("/no/such.yml", " No such file: /no/such.yml (write @ before the name of a file)."),
        ("filter.yml", " No such file: filter.yml (write @ before the name of a file)."),
        (
            "/no such/filter.yml",
            " No such file: /no such/filter.yml (write @ before the name of a file).",
        ),
        ("/", " / is a directory (write @ before the name of a file)."),
        ("SELECT 1", ""),
        ("name: /x.yml", ""),
        ("{a: /x.yml}", ""),
        ("word", ""),
    ],
)
def test_a_file_that_may_be_meant_is_told_of(argument: str, expected: str) -> None:
    assert no_such_file(argument) == expected
