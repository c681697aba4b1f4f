"""A directory that somebody hostile has filled: what is read of it, and that reading ends."""

import os
import socket
from pathlib import Path

import pytest

from ocim.core.errors import ValidationError
from ocim.parsing.tree import Limits, Tree

pytestmark = pytest.mark.timeout(20)  # what a trick holds up would be held up for ever
SECRET = "the manager's key"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a file of the manager's beside the tree."""
    key = tmp_path / "master.key"
    key.write_text(SECRET)
    return key


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "checkout"
    (path / "roles/lms/tasks").mkdir(parents=True)
    (path / "roles/lms/tasks/main.yml").write_text("- debug:")
    (path / "site.yml").write_text("- hosts: all")
    return path


def test_files_are_given_in_order_by_their_names_inside(root: Path) -> None:
    tree = Tree(root)
    assert tree.files() == ["site.yml"]
    assert tree.files(deep=True) == ["roles/lms/tasks/main.yml", "site.yml"]
    assert tree.files("roles/lms", deep=True) == ["roles/lms/tasks/main.yml"]
    assert tree.directories("roles") == ["roles/lms"]
    assert tree.files("nowhere") == []
    assert tree.text("site.yml") == "- hosts: all"


def test_a_link_to_a_file_inside_is_read(root: Path) -> None:
    (root / "roles/lms/tasks/again.yml").symlink_to("../../../site.yml")
    assert Tree(root).text("roles/lms/tasks/again.yml") == "- hosts: all"


def test_a_link_to_a_directory_inside_may_be_part_of_a_name_and_is_not_walked(root: Path) -> None:
    (root / "playbooks").symlink_to(".")  # as upstream's edx-east
    tree = Tree(root)
    assert tree.text("playbooks/playbooks/site.yml") == "- hosts: all"
    assert tree.files("playbooks") == ["playbooks/site.yml"]
    assert tree.files(deep=True) == ["roles/lms/tasks/main.yml", "site.yml"]


@pytest.mark.parametrize(
    "target",
    ["/", "/dev/zero", "/etc/hostname", "../master.key", "../../..", "../checkout/site.yml"],
)
def test_a_link_that_leads_outside_is_refused_and_never_walked(
    root: Path, outside: Path, target: str
) -> None:
    link = root / "roles/leak"
    link.symlink_to(target if target.startswith("/") else f"../{target}")
    tree = Tree(root)
    assert not any(name.startswith("roles/leak") for name in tree.files(deep=True))
    assert tree.directories("roles") == ["roles/lms"]
    assert tree.skipped == {"roles/leak": "a path that leads out of the directory"}
    with pytest.raises(ValidationError, match="leads out of the directory") as refused:
        tree.read("roles/leak")
    assert SECRET not in str(refused.value)


def test_a_link_chain_that_leaves_at_its_end_is_refused(root: Path, outside: Path) -> None:
    (root / "up").symlink_to("roles/../..")
    (root / "here").symlink_to("up/master.key")
    with pytest.raises(ValidationError, match="here of the repository is a path that leads out"):
        Tree(root).read("here")


def test_a_named_pipe_is_refused_without_waiting_for_a_writer(root: Path) -> None:
    os.mkfifo(root / "roles/lms/tasks/pipe.yml")
    (root / "link.yml").symlink_to("roles/lms/tasks/pipe.yml")
    tree = Tree(root)
    assert not tree.has("link.yml")
    with pytest.raises(ValidationError, match=r"link\.yml of the repository is a named pipe\."):
        tree.read("link.yml")
    assert "roles/lms/tasks/pipe.yml" not in tree.files(deep=True)
    assert tree.skipped["roles/lms/tasks/pipe.yml"] == "a named pipe"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_without_end_is_refused(root: Path) -> None:
    try:
        os.mknod(root / "zero.yml", 0o020666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("no devices can be made here")
    with pytest.raises(ValidationError, match="is a device"):
        Tree(root).read("zero.yml")


def test_a_socket_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket.yml")
    with pytest.raises(ValidationError, match="is a socket"):
        Tree(root).read("socket.yml")


def test_links_in_a_loop_are_refused(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    tree = Tree(root)
    assert tree.files() == ["site.yml"]
    assert set(tree.skipped) == {"a", "b"}
    with pytest.raises(ValidationError, match="a link in a loop"):
        tree.read("a")


@pytest.mark.parametrize("name", ["/etc/passwd", "../master.key", "roles/../../master.key", "a\0b"])
def test_a_name_that_leads_outside_is_refused(root: Path, outside: Path, name: str) -> None:
    assert not Tree(root).has(name)
    with pytest.raises(ValidationError):
        Tree(root).read(name)


def test_a_huge_file_is_refused_before_it_is_read(root: Path) -> None:
    with (root / "huge.yml").open("wb") as huge:
        huge.truncate(1 << 40)  # a hole
    with pytest.raises(
        ValidationError, match=r"huge\.yml of the repository is larger than 10 MiB\."
    ):
        Tree(root).read("huge.yml")


def test_all_that_is_read_has_a_limit(root: Path) -> None:
    tree = Tree(root, Limits(total_bytes=20))
    tree.read("site.yml")
    with pytest.raises(ValidationError, match="more than 20 bytes to read"):
        tree.read("site.yml")


def test_a_hundred_thousand_files_end_a_walk(root: Path) -> None:
    many = root / "roles/many"
    many.mkdir()
    (many / "0").touch()
    for number in range(1, 201):
        (many / str(number)).hardlink_to(many / "0")
    with pytest.raises(ValidationError, match="The repository has more than 200 files"):
        Tree(root, Limits(entries=200)).files(deep=True)


def test_deep_nesting_ends_a_walk(root: Path) -> None:
    (root / "/".join(["d"] * 40)).mkdir(parents=True)
    with pytest.raises(ValidationError, match="directories over 30 levels deep"):
        Tree(root).files(deep=True)


def test_names_that_would_write_into_a_terminal_are_left_out(root: Path) -> None:
    (root / "\x1b[2Jgone.yml").touch()
    tree = Tree(root)
    assert tree.files() == ["site.yml"]
    assert list(tree.skipped) == ["'\\x1b[2Jgone.yml'"]


def test_a_file_that_is_swapped_for_a_link_is_not_read(
    root: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_open = os.open

    def swap(path: Path, *arguments: int) -> int:
        path.unlink()
        path.symlink_to(outside)
        return real_open(path, *arguments)

    monkeypatch.setattr(os, "open", swap)
    with pytest.raises(ValidationError, match="cannot be opened"):
        Tree(root).read("site.yml")
