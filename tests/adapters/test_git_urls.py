import pytest

from ocim.adapters.provisioners.repositories.urls import git_url
from ocim.core.errors import ValidationError
from ocim.core.secrets import without_credentials


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/open-craft/configuration",
        "http://git.example.com:8080/x.git",
        "git://git.example.com/x",
        "ssh://git@github.com:22/open-craft/configuration.git",
        "git@github.com:open-craft/configuration.git",
        "git.example.com:x.git",
        "file:///srv/git/configuration",
    ],
)
def test_every_kind_of_git_url_is_taken_as_it_is(url: str) -> None:
    assert (git_url(url).text, git_url(url).password) == (url, "")


def test_an_absolute_path_is_taken_for_a_repository() -> None:
    assert git_url("/srv/git/configuration").text == "file:///srv/git/configuration"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "configuration",
        "ext::sh -c touch% /tmp/x",
        "fd::17",
        "--upload-pack=touch /tmp/x",
        "-oProxyCommand=touch:x",
        "ssh://-oProxyCommand=touch/x",
        "ftp://example.com/x",
        "https://example.com/x\n--upload-pack=y",
        "https://example.com/a b",
        "../elsewhere",
    ],
)
def test_what_git_would_run_or_take_for_an_option_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="configuration_source_repo_url"):
        git_url(url)


def test_credentials_of_a_url_are_set_apart() -> None:
    url = git_url("https://me:s3c%2Fret@git.example.com:8443/x")
    assert (url.text, url.user, url.password) == (
        "https://git.example.com:8443/x", "me", "s3c/ret",
    )  # fmt: skip
    assert "s3c" not in repr(url)


def test_what_is_shown_of_a_url_is_without_credentials() -> None:
    assert without_credentials("https://token@example.com/x") == "https://example.com/x"


def test_a_refused_url_is_told_without_credentials() -> None:
    with pytest.raises(ValidationError) as refused:
        git_url("ftp://me:s3cret@example.com/x")
    assert "s3cret" not in str(refused.value)
