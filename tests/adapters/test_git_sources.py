"""The playbook that a URL, a version and a name lead to."""

import logging
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ocim.adapters.provisioners.ansible.sources import Sources
from ocim.adapters.provisioners.repositories import mirror
from ocim.adapters.sandbox import Sandbox
from ocim.core.errors import PermanentError, TransientError, ValidationError
from ocim.core.provisioning import ConfigurationSource
from tests.adapters.git_support import Repository, repository


@pytest.fixture
def configuration(tmp_path: Path) -> Repository:
    return repository(tmp_path / "configuration", "first")


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return Sources(tmp_path / "builtin", tmp_path / "cache", Sandbox())


def content(sources: Sources, source: ConfigurationSource) -> str:
    """Fetch and check out the playbook, and return its text."""
    with sources.playbook(sources.exact(source)) as (playbook, _):
        return playbook.read_text()


def change(configuration: Repository, greeting: str) -> str:
    """Commit a playbook with a new greeting."""
    playbook = configuration.directory / "playbooks" / "site.yml"
    text = playbook.read_text().replace("first", greeting)
    return configuration.commit({"playbooks/site.yml": text})


def test_a_branch_is_used_before_a_tag_of_its_name_with_a_warning(
    sources: Sources, configuration: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    configuration.git("tag", "both")
    configuration.git("checkout", "-q", "-b", "both")
    commit = change(configuration, "second")
    with caplog.at_level(logging.WARNING):
        assert sources.exact(configuration.source("both")).version == commit
    assert "has a branch and a tag both" in caplog.text


def test_a_branch_a_tag_and_a_commit_lead_to_their_files(
    sources: Sources, configuration: Repository
) -> None:
    first = configuration.git("rev-parse", "HEAD")
    configuration.git("tag", "-a", "-m", "release", "open-release/juniper.2")
    configuration.git("checkout", "-q", "-b", "opencraft-release/juniper.2")
    second = change(configuration, "second")
    for version, greeting, commit in [
        ("open-release/juniper.2", "first", first),
        ("opencraft-release/juniper.2", "second", second),
        (second, "second", second),
        (first[:10], "first", first),
    ]:
        assert sources.exact(configuration.source(version)).version == commit
        assert greeting in content(sources, configuration.source(version))


def test_a_branch_is_followed_and_a_commit_stays(
    sources: Sources, configuration: Repository
) -> None:
    before = sources.exact(configuration.source("master"))
    change(configuration, "second")
    assert "second" in content(sources, configuration.source("master"))
    assert "first" in content(sources, before)


def test_a_branch_that_was_moved_by_force_is_followed(
    sources: Sources, configuration: Repository
) -> None:
    change(configuration, "second")
    assert "second" in content(sources, configuration.source("master"))
    configuration.git("reset", "-q", "--hard", "HEAD~")
    change(configuration, "third")
    assert "third" in content(sources, configuration.source("master"))


def test_a_branch_that_is_gone_is_told_with_those_that_are_like_it(
    sources: Sources, configuration: Repository
) -> None:
    configuration.git("branch", "opencraft-release/juniper.1")
    configuration.git("branch", "opencraft-release/juniper.2")
    sources.exact(configuration.source("opencraft-release/juniper.2"))
    configuration.git("branch", "-D", "opencraft-release/juniper.2")
    with pytest.raises(PermanentError, match=r"release/juniper\.1") as refused:
        sources.exact(configuration.source("opencraft-release/juniper.2"))
    assert "configuration_version" in str(refused.value)


@pytest.mark.parametrize("version", ["", "--all", "a b", "HEAD~1", "../x", "master^{tree}", "a\nb"])
def test_what_cannot_be_a_version_is_refused(
    sources: Sources, configuration: Repository, version: str
) -> None:
    with pytest.raises(ValidationError, match="configuration_version"):
        sources.exact(configuration.source(version))


def test_a_repository_that_is_not_there_is_refused(sources: Sources, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="nowhere cannot be fetched"):
        sources.exact(ConfigurationSource(f"{tmp_path}/nowhere", "master", "site.yml"))


def test_a_server_that_does_not_answer_may_answer_later(sources: Sources) -> None:
    with pytest.raises(TransientError, match=r"127\.0\.0\.1"):
        sources.exact(ConfigurationSource("http://127.0.0.1:1/x", "master", "site.yml"))


def test_a_playbook_that_is_not_there_is_told_with_those_that_are(
    sources: Sources, configuration: Repository
) -> None:
    configuration.commit({"root.yml": "[]"})
    with pytest.raises(ValidationError, match=r"root\.yml, site\.yml"):
        content(sources, configuration.source("master", "other.yml"))


def test_playbooks_may_lie_in_the_root(sources: Sources, tmp_path: Path) -> None:
    flat = Repository(tmp_path / "flat")
    flat.commit({"site.yml": "# flat"})
    assert content(sources, flat.source("master")) == "# flat"


@pytest.mark.parametrize("link", ["/etc/passwd", "../../secret.yml"])
def test_a_playbook_that_leads_out_of_the_repository_is_refused(
    sources: Sources, configuration: Repository, link: str
) -> None:
    (configuration.directory / "playbooks" / "link.yml").symlink_to(link)
    configuration.commit({})
    with pytest.raises(ValidationError, match=r"link\.yml"):
        content(sources, configuration.source("master", "link.yml"))


def test_a_commit_that_was_fetched_needs_no_repository(
    sources: Sources, configuration: Repository
) -> None:
    exact = sources.exact(configuration.source("master"))
    content(sources, exact)
    configuration.directory.rename(f"{configuration.directory}-away")
    assert "first" in content(sources, exact)


PASSWORD = "s3cret-word"


class Private(SimpleHTTPRequestHandler):
    """A web server of files, with a password."""

    def do_GET(self) -> None:
        if self.headers.get("Authorization") == "Basic bWU6czNjcmV0LXdvcmQ=":
            super().do_GET()
        else:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def server(configuration: Repository) -> Iterator[ThreadingHTTPServer]:
    """Yield the URL of the configuration over http."""
    configuration.git("update-server-info")
    handler = partial(Private, directory=str(configuration.directory))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def private(server: ThreadingHTTPServer, credentials: str) -> ConfigurationSource:
    url = f"http://{credentials}127.0.0.1:{server.server_port}/.git"
    return ConfigurationSource(url, "master", "site.yml")


def test_a_private_repository_is_read_with_the_password_in_its_url(
    sources: Sources, server: ThreadingHTTPServer
) -> None:
    assert "first" in content(sources, private(server, f"me:{PASSWORD}@"))


@pytest.mark.parametrize("credentials", ["", "me:wr0ng-word@"])
def test_a_private_repository_is_refused_without_its_password_which_nobody_is_told(
    sources: Sources, server: ThreadingHTTPServer, credentials: str
) -> None:
    content(sources, private(server, f"me:{PASSWORD}@"))  # what is cached is not for everybody
    with pytest.raises(PermanentError) as refused:
        content(sources, private(server, credentials))
    assert "-word" not in str(refused.value)


def test_without_the_network_a_branch_is_where_it_was(
    sources: Sources, server: ThreadingHTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    source = private(server, f"me:{PASSWORD}@")
    exact = sources.exact(source)
    server.shutdown()
    server.server_close()
    with caplog.at_level(logging.WARNING):
        assert sources.exact(source) == exact
    assert "as of the last fetch" in caplog.text
    assert PASSWORD not in caplog.text


FETCH = """
import sys
from pathlib import Path
from ocim.adapters.sandbox import Sandbox
from ocim.adapters.provisioners.ansible.sources import Sources
from ocim.core.provisioning import ConfigurationSource

sources = Sources(Path("/"), Path(sys.argv[1]), Sandbox())
source = sources.exact(ConfigurationSource(sys.argv[2], "master", "site.yml"))
with sources.playbook(source) as (playbook, _):
    print(playbook.read_text())
"""


def test_files_that_were_fetched_are_read_without_the_network(
    sources: Sources, configuration: Repository
) -> None:
    wanted = configuration.source("master")
    with sources.files(wanted) as (exact, directory):
        assert exact.version == configuration.git("rev-parse", "HEAD")
        assert (directory / "playbooks/site.yml").is_file()

    shutil.rmtree(configuration.directory)

    with sources.files(wanted) as (again, directory):
        assert again == exact
        assert "first" in (directory / "playbooks/site.yml").read_text()


def test_files_of_a_branch_are_those_that_were_fetched_until_it_is_used(
    sources: Sources, configuration: Repository
) -> None:
    wanted = configuration.source("master")
    first = sources.exact(wanted)
    second = configuration.commit({"playbooks/new.yml": "[]"})

    with sources.files(wanted) as (exact, _):
        assert exact == first
    assert sources.exact(wanted).version == second
    with sources.files(wanted) as (exact, directory):
        assert exact.version == second
        assert (directory / "playbooks/new.yml").is_file()


def test_processes_that_fetch_the_same_at_once_do_not_disturb_one_another(
    tmp_path: Path, configuration: Repository
) -> None:
    command = [sys.executable, "-c", FETCH, str(tmp_path / "cache"), configuration.url]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    outputs = [process.communicate()[0] for process in running]
    assert all("first" in text for text in outputs)


def test_a_submodule_is_refused_by_its_name(sources: Sources, configuration: Repository) -> None:
    commit = configuration.git("rev-parse", "HEAD")
    configuration.git("update-index", "--add", "--cacheinfo", f"160000,{commit},roles/theirs")
    configuration.git("commit", "-q", "-m", "a role of somebody else's")
    with pytest.raises(PermanentError, match=r"git submodules.*: roles/theirs"):
        content(sources, configuration.source("master"))


def test_a_file_that_is_kept_by_lfs_is_refused_by_its_name(
    sources: Sources, configuration: Repository
) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n"
    configuration.commit({"roles/lms/files/theme.zip": pointer})
    with pytest.raises(PermanentError, match=r"git LFS.*: roles/lms/files/theme\.zip"):
        content(sources, configuration.source("master"))


def test_a_repository_of_too_many_files_is_refused(
    sources: Sources, configuration: Repository
) -> None:
    """Refuse a tree that has few objects, as equal directories take no space."""
    blob = configuration.git("rev-parse", "HEAD:playbooks/site.yml")
    tree = _made_tree(configuration, "".join(f"100644 blob {blob}\t{n}\n" for n in range(1000)))
    tree = _made_tree(configuration, "".join(f"040000 tree {tree}\t{n}\n" for n in range(100)))
    _set_master(configuration, tree)
    with pytest.raises(PermanentError, match=r"100000 files, and 50000 are allowed"):
        content(sources, configuration.source("master"))


def test_a_repository_that_is_too_large_is_refused(
    sources: Sources, configuration: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = random.Random(1).randbytes(3_000_000).hex()  # noqa: S311
    configuration.commit({"noise": noise})
    monkeypatch.setattr(mirror, "LARGEST", 1_000_000)
    with pytest.raises(PermanentError, match="larger than"):
        content(sources, configuration.source("master"))


@pytest.mark.parametrize("name", ["..", ".git", ".GIT"])
def test_names_that_lead_out_of_the_checkout_are_refused(
    sources: Sources, configuration: Repository, name: str
) -> None:
    blob = configuration.git("rev-parse", "HEAD:playbooks/site.yml")
    inner = _made_tree(configuration, f"100644 blob {blob}\tconfig\n")
    _set_master(configuration, _made_tree(configuration, f"040000 tree {inner}\t{name}\n"))
    with pytest.raises(PermanentError, match=rf"no file may be called \{name}/config"):
        content(sources, configuration.source("master"))


@pytest.mark.parametrize("target", ["/", "../../../../../../../../etc", "/dev"])
def test_a_directory_of_playbooks_that_leads_out_is_none(
    sources: Sources, tmp_path: Path, target: str
) -> None:
    configuration = Repository(tmp_path / "linked")
    configuration.directory.joinpath("playbooks").symlink_to(target)
    configuration.commit({"site.yml": "- hosts: all\n"})
    with sources.playbook(configuration.source("master")) as (playbook, configured):
        assert playbook == configured.root / "site.yml"
    with pytest.raises(ValidationError, match="There is no playbook 'zero'"):
        content(sources, configuration.source("master", "zero"))


def _made_tree(configuration: Repository, lines: str) -> str:
    return configuration.git("mktree", stdin=lines)


def _set_master(configuration: Repository, tree: str) -> None:
    commit = configuration.git("commit-tree", "-m", "a trick", tree)
    configuration.git("update-ref", "refs/heads/master", commit)
