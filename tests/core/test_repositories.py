"""The names of repositories, versions and playbooks that are refused at the door."""

import shutil
import subprocess

import pytest

from ocim.core.repositories import fault_of_playbook, fault_of_url, fault_of_version

GOOD_VERSIONS = [
    "master", "open-release/juniper.2", "opencraft-release/juniper.2", "1.10", "v1.0-rc1", "a.b",
    "4f397764da0136ad4f397764da0136ad4f397764", "feature/@home", "münchen", "refs/heads/x", "a@b",
]  # fmt: skip
BAD_VERSIONS = {
    "juniper.2 ": "blanks at its start or end",
    " juniper.2": "blanks at its start or end",
    "juniper.2\u00a0": "'juniper.2\\xa0' has blanks",
    "juniper 2": "not allow blanks",
    "a..b": "not allow '..'",
    "x^{commit}": "not allow ~ ^",
    "x^": "not allow ~ ^",
    "HEAD~1": "not allow ~ ^",
    "x@{yesterday}": "not allow '@{'",
    "@": "'@' alone",
    "a:b": "not allow ~ ^",
    "a?": "not allow ~",
    "a*": "not allow ~",
    "a[b": "not allow ~",
    "a\\b": "not allow ~",
    "-oProxyCommand=x": "for an option",
    "--upload-pack=x": "for an option",
    "/master": "'/' at its start",
    "master/": "'/' at its start or end",
    "a//b": "nor '//'",
    ".hidden": "start with a dot",
    "a/.b": "start with a dot",
    "master.": "dot at its end",
    "master.lock": "end with '.lock'",
    "a.lock/b": "end with '.lock'",
    "a\x00b": "not allow blanks",
    "a\x7fb": "not allow blanks",
    "a\u202eb": "invisible character",
    "": "The version is empty",
}
GOOD_URLS = [
    "https://github.com/edx/configuration",
    "https://github.com/edx/configuration.git",
    "https://me:password@git.example.com:8443/x",
    "http://[::1]:8080/x",
    "http://git.example.com/x",
    "git://git.example.com/x",
    "ssh://git@github.com:22/edx/configuration.git",
    "git@github.com:edx/configuration.git",
    "github.com:edx/configuration.git",
    "gh:edx/configuration",
    "file:///srv/git/configuration",
    "/srv/git/configuration",
]
BAD_URLS = {
    "ext::sh -c touch% /tmp/x": "ext:: is a transport that runs programs",
    "ext::x": "ext:: is a transport that runs programs",
    "fd::17": "fd:: is a transport that runs programs",
    "ftp://example.com/x": "'ftp' is not one of https",
    "HTTPS://example.com/x": "'HTTPS' is not one of https",
    "javascript://example.com/x": "'javascript' is not one of",
    "https://": "has no host",
    "https:///x": "has no host",
    "https://me@/x": "has no host",
    "http://[::1": "malformed",
    "http://[nonsense]/x": "malformed",
    "https://example.com:99999/x": "malformed",
    "https://example.com:port/x": "malformed",
    "-oProxyCommand=touch x": "for an option",
    "-oProxyCommand=x:y": "for an option",
    "-oProxyCommand=x@host:y": "for an option",
    "host:-oProxyCommand=x": "not a URL",
    "ssh://-oProxyCommand=x/y": "host for an option",
    "ssh://-oProxyCommand=x@host/y": "host for an option",
    "ssh://me@-oProxyCommand=x/y": "host for an option",
    "edx/configuration": "https://github.com/edx/configuration?",
    "configuration": "not a URL",
    "../configuration": "not a URL",
    "./configuration": "not a URL",
    "~/configuration": "not a URL",
    "": "not a URL",
    "file://": "has no directory",
    "file://host/x": "has no directory",
    "https://example.com/a b": "contains a blank",
    "https://example.com/x ": "blanks at its start or end",
    " /srv/x": "blanks at its start or end",
    "/srv/a\nb": "invisible character",
    "https://example.com/x\u200b": "invisible character",
}
BAD_PLAYBOOKS = [
    "/etc/x.yml", "../x.yml", "a/../x.yml", "roles/x.yml", "..", ".", ".x.yml", "-x.yml", "x.yml ",
    "x", "x.json", "a b.yml", "a\\b.yml", "x.yml\n", "x.yml;id", "",
]  # fmt: skip


@pytest.mark.parametrize("version", GOOD_VERSIONS)
def test_versions_of_git_are_right(version: str) -> None:
    assert fault_of_version(version) == ""


@pytest.mark.parametrize("version, words", BAD_VERSIONS.items())
def test_what_is_no_version_of_git_is_told_with_its_value(version: str, words: str) -> None:
    assert words in fault_of_version(version)
    assert version == "" or repr(version) in fault_of_version(version)


@pytest.mark.skipif(not shutil.which("git"), reason="git is the judge")
@pytest.mark.parametrize("version", [*GOOD_VERSIONS, *BAD_VERSIONS])
def test_git_takes_no_name_that_is_refused_and_refuses_none_that_is_taken(version: str) -> None:
    if "\x00" in version or version.startswith("-"):
        pytest.skip("no argument can say it")
    status = subprocess.run(
        ["git", "check-ref-format", "--allow-onelevel", version], check=False
    ).returncode
    is_only_ours = version.strip() != version or not version.isprintable()
    assert bool(status) == bool(fault_of_version(version)) or is_only_ours


@pytest.mark.parametrize("url", GOOD_URLS)
def test_urls_of_git_are_right(url: str) -> None:
    assert fault_of_url(url) == ""


@pytest.mark.parametrize("url, words", BAD_URLS.items())
def test_what_git_would_not_fetch_or_would_run_is_refused(url: str, words: str) -> None:
    fault = fault_of_url(url, may_be_builtin=True)
    assert words in fault
    assert fault.startswith(f"Invalid repository URL {url!r}: ") or "@" in url


def test_builtin_is_a_configuration_and_no_platform() -> None:
    assert fault_of_url("builtin", may_be_builtin=True) == ""
    assert "not a URL" in fault_of_url("builtin")


@pytest.mark.parametrize(
    "url", ["ftp://me:s3cret@h/x", "https://me:s3cret@[::1/x", "me:s3cret@host/x", "a:s3cret@h:x"]
)
def test_a_refused_url_is_told_without_its_password(url: str) -> None:
    assert "Invalid repository URL" in fault_of_url(url)
    assert "s3cret" not in fault_of_url(url)


@pytest.mark.parametrize("name", BAD_PLAYBOOKS)
def test_what_is_no_file_in_the_directory_of_playbooks_is_refused(name: str) -> None:
    assert repr(name) in fault_of_playbook(name)


@pytest.mark.parametrize("name", ["openedx_native.yml", "edx_sandbox.yml", "site.yaml", "a-1.yml"])
def test_names_of_playbooks_are_right(name: str) -> None:
    assert fault_of_playbook(name) == ""
