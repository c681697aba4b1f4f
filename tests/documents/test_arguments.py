from pathlib import Path

import pytest

from ocim.core.errors import BadInput
from ocim.documents.arguments import text_of_argument


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
    with pytest.raises(BadInput, match=r"^--filter: .* cannot be read: "):
        text_of_argument(f"@{tmp_path / name}", option="--filter")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"\xff\xd8")
    with pytest.raises(BadInput, match="not a text file in UTF-8"):
        text_of_argument(f"@{tmp_path / 'image'}", option="--filter")
