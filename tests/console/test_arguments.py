"""Arguments and options of commands."""

from pathlib import Path

import pytest

from ocim.console.arguments import assignments, source_argument
from ocim.core.errors import ValidationError


@pytest.mark.parametrize(
    "text, url, version",
    [
        ("https://git.example.com/x", "https://git.example.com/x", ""),
        (
            "https://git.example.com/x@o/koa",
            "https://git.example.com/x",
            "o/koa",
        ),
        ("https://me:token@git.example.com/x", "https://me:token@git.example.com/x", ""),
        ("https://me:token@git.example.com/x@v1", "https://me:token@git.example.com/x", "v1"),
        ("ssh://git@git.example.com/x.git@v1", "ssh://git@git.example.com/x.git", "v1"),
        ("git@git.example.com:team/x", "git@git.example.com:team/x", ""),
        ("git@git.example.com:team/x@v1", "git@git.example.com:team/x", "v1"),
        ("/srv/git/x@v1", "/srv/git/x", "v1"),
        ("builtin", "builtin", ""),
        ("builtin@v1", "builtin", "v1"),
        ("https://nowhere", "https://nowhere", ""),
        ("", "", ""),
    ],
)
def test_a_repository_and_its_version_are_told_apart(text: str, url: str, version: str) -> None:
    assert source_argument(text) == (url, version)


@pytest.mark.parametrize("field", ["notes", "configuration_extra_settings"])
def test_an_empty_file_does_not_remove_what_there_is(tmp_path: Path, field: str) -> None:
    file = tmp_path / "empty.yml"
    file.write_text(" \n")
    with pytest.raises(ValidationError) as refused:
        assignments([f"{field}=@{file}"])
    assert refused.value.faults == (
        f"{field}: {file} is empty. To clear the field, write `{field}=` without a file.",
    )
    assert assignments([f"{field}="]) == {field: ""}


def test_all_words_that_are_wrong_are_told_at_once() -> None:
    with pytest.raises(ValidationError) as refused:
        assignments(["notes=@/no/notes", "configuration_extra_settings=extra.yml"])
    assert refused.value.faults == (
        "notes: cannot read /no/notes: No such file or directory.",
        "configuration_extra_settings, line 1: must be a mapping, not 'extra.yml'."
        " No such file: extra.yml (write @ before the name of a file).",
    )
