"""Images of local hosts: the files that they share, and the paths that differ."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ocim.adapters.providers.local.provider import LocalProvider
from ocim.adapters.sandbox import Sandbox
from ocim.core.errors import PermanentError
from ocim.core.hosts import Host, HostRequest

needs_sandbox = pytest.mark.skipif(
    not Sandbox().isolation().is_sandbox, reason=Sandbox().isolation().detail
)
DIE = """\
import os, signal, sys
from pathlib import Path
from ocim.adapters.providers.local.provider import LocalProvider
images = LocalProvider(Path(sys.argv[1]), ports=()).images
images.ensure("one", {}, lambda _: os.kill(os.getpid(), signal.SIGKILL), is_cancelled=lambda: False)
"""


def set_up(host: Host) -> None:
    place = Path(host.root, "edx/app/shop")
    place.mkdir(parents=True)
    (place / "code.py").write_text("first\n")
    (place / "empty").mkdir()
    (place / "python").symlink_to(sys.executable)
    for environment, target in (("venv", "code"), ("bound", "../code.py")):
        (place / environment).mkdir()
        (place / environment / "pyvenv.cfg").write_text("relocatable = true\n")
        (place / environment / "code").write_text("first\n")
        (place / environment / "link").symlink_to(target)
    Path(host.root, "edx/bin").mkdir()
    Path(host.root, "edx/bin/shop").symlink_to(place / "code.py")
    Path(host.root, "edx/var/log/supervisor/shop.log").write_text("started\n")


def ensure(provider: LocalProvider) -> None:
    assert provider.images.ensure("one", {}, set_up, is_cancelled=lambda: False)


@pytest.fixture
def hosts(provider: LocalProvider) -> tuple[Path, Path]:
    """Return the roots of two hosts that are made from one image."""
    ensure(provider)
    a, b = (provider.create(HostRequest(name, image="one")) for name in ("a", "b"))
    return Path(a.root), Path(b.root)


def test_what_one_host_replaces_stays_as_it_was_on_the_other(hosts: tuple[Path, Path]) -> None:
    a, b = (root / "edx/app/shop/code.py" for root in hosts)
    a.with_name("new").write_text("second\n")
    a.with_name("new").replace(a)
    assert (a.read_text(), b.read_text()) == ("second\n", "first\n")


def test_virtual_environments_are_shared_and_read_only(hosts: tuple[Path, Path]) -> None:
    a, b = (root / "edx/app/shop/venv/code" for root in hosts)
    assert a.samefile(b)
    assert a.stat().st_mode & 0o222 == 0


@pytest.mark.parametrize("name", ["code.py", "bound/code"])
def test_what_is_no_virtual_environment_of_its_own_is_a_copy(
    hosts: tuple[Path, Path], name: str
) -> None:
    a, b = (root / "edx/app/shop" / name for root in hosts)
    assert not a.samefile(b)
    assert [path.stat().st_nlink for path in (a, b)] == [1, 1]
    assert a.read_text() == b.read_text() == "first\n"


@needs_sandbox
@pytest.mark.parametrize("name", ["code.py", "venv/code"])
def test_no_host_changes_what_another_has_of_the_image(
    provider: LocalProvider, hosts: tuple[Path, Path], name: str
) -> None:
    change = f"cd $OCIM_HOST_ROOT/edx/app/shop; chmod u+w {name} && echo evil > {name}"
    ran = provider.run("a", ["sh", "-c", change], timeout=30)
    assert (ran.status == 0) is (name == "code.py")
    assert (hosts[1] / "edx/app/shop" / name).read_text() == "first\n"
    change = f"cd $OCIM_HOST_ROOT/edx/app/shop; mv {name} aside; rm -rf $(readlink venv)/*"
    provider.run("a", ["sh", "-c", change], timeout=30)
    assert (hosts[1] / "edx/app/shop" / name).read_text() == "first\n"


def test_links_to_the_host_itself_lead_to_the_new_host(hosts: tuple[Path, Path]) -> None:
    for root in hosts:
        assert (root / "edx/bin/shop").readlink() == root / "edx/app/shop/code.py"
        assert (root / "edx/app/shop/python").readlink() == Path(sys.executable)


def test_each_host_has_directories_logs_and_programs_of_its_own(hosts: tuple[Path, Path]) -> None:
    (hosts[0] / "edx/app/shop/empty/file").touch()
    assert list((hosts[1] / "edx/app/shop/empty").iterdir()) == []
    assert not (hosts[1] / "edx/var/log/supervisor/shop.log").exists()
    assert (hosts[1] / "edx/app/supervisor/supervisord.conf").stat().st_nlink == 1


def test_a_file_with_the_path_of_its_host_is_refused(provider: LocalProvider) -> None:
    def careless(host: Host) -> None:
        place = Path(host.root, "edx/bin")
        place.mkdir()
        (place / "gunicorn").write_text(f"#!{host.root}/edx/app/venv/bin/python\n")

    with pytest.raises(PermanentError, match=r"edx/bin/gunicorn"):
        provider.images.ensure("one", {}, careless, is_cancelled=lambda: False)
    assert (provider.images.list(), provider.list()) == ([], [])


@pytest.mark.parametrize("place", ["edx", "edx/app", "edx/var/log"])
def test_a_host_that_has_links_where_the_manager_writes_makes_no_image(
    provider: LocalProvider, tmp_path: Path, place: str
) -> None:
    others = tmp_path / "others"
    for directory in ("supervisor", "app/supervisor", "var/log"):
        (others / directory).mkdir(parents=True)
    kept = others / "kept"
    kept.touch(mode=0o644)

    def hostile(host: Host) -> None:
        Path(host.root, place).rename(Path(host.root, "aside"))
        Path(host.root, place).symlink_to(others)

    with pytest.raises(PermanentError, match=r"is a link, or below one"):
        provider.images.ensure("one", {}, hostile, is_cancelled=lambda: False)
    assert (others / "supervisor").exists()
    assert kept.stat().st_mode & 0o200
    assert provider.list() == []


def test_after_a_death_in_the_middle_there_is_no_image_and_it_can_be_built(
    provider: LocalProvider, tmp_path: Path
) -> None:
    died = subprocess.run([sys.executable, "-c", DIE, str(tmp_path / "hosts")], check=False)
    assert died.returncode == -signal.SIGKILL
    assert provider.images.list() == []
    assert provider.list() == ["image-one"], "it is listed, so that it can be taken away"
    ensure(provider)
    assert provider.list() == []
    assert list((tmp_path / "hosts/.images").glob(".unfinished*")) == []
