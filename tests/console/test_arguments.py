"""What is written behind a command."""

import pytest

from ocim.console.arguments import source_argument


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
