"""The files that a run sees, exactly; no trick from within shows it more."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import uv

from ocim.adapters.provisioners.ansible.packages import Packages
from ocim.adapters.provisioners.ansible.sources import Configuration
from ocim.adapters.provisioners.ansible.views import check_view, run_view
from ocim.adapters.sandbox import OWN_CODE, Sandbox, View
from ocim.core.errors import PermanentError
from ocim.core.hosts import Connection
from ocim.core.provisioning import ProvisionJob
from tests.adapters.ansible_support import Bench
from tests.adapters.test_ansible_sandbox import KEY, needs_sandbox

LOCAL = Connection(kind="local")
MACHINE = Connection(kind="ssh", user="root", port=22, key_file="/k/key", known_hosts_file="/k/kh")
CONFIGURATION = Configuration(Path("/c/checkout"), Path("/c/venv"), Path("/opt/python"))


def made(bench: Bench, connection: Connection) -> ProvisionJob:
    job = bench.job("[]", variables={"ocim_uv": "/secret", "ocim_platform_archive": "/secret"})
    host = replace(job.host, connection=connection, root="/h/one")
    return replace(job, host=host, directories=("/s/demo",))


def test_a_run_on_this_machine_sees_this_and_no_more(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "archive-v0").mkdir()
    view = run_view(
        made(bench, LOCAL),
        CONFIGURATION,
        Path("/r/run"),
        archive=Path("/c/archive.tar.gz"),
        index_files=[Path("/etc/ssl/one.pem")],
        packages=Packages(tmp_path),
    )
    assert [*map(str, view.readable)] == [
        "/c/checkout", "/c/venv", "/opt/python", uv.find_uv_bin(), "/c/archive.tar.gz",
        "/etc/ssl/one.pem",
    ]  # fmt: skip
    assert [*map(str, view.writable)] == ["/r/run", "/s/demo", "/h/one"]
    assert view.shown == {Path("/r/run/uv/archive-v0"): tmp_path / "archive-v0"}


def test_a_run_on_a_machine_sees_the_keys_to_it_and_writes_to_nothing_but_its_directory(
    bench: Bench,
) -> None:
    view = run_view(made(bench, MACHINE), CONFIGURATION, Path("/r/run"))
    readable = ["/c/checkout", "/c/venv", "/opt/python", uv.find_uv_bin(), "/k/key", "/k/kh"]
    assert [*map(str, view.readable)] == readable
    assert view.writable == (Path("/r/run"),)


def test_a_syntax_check_has_no_network_and_writes_to_nothing_but_its_directory() -> None:
    view = check_view(CONFIGURATION, Path("/r/run"))
    assert (view.writable, view.network) == ((Path("/r/run"),), False)
    assert [*map(str, view.readable)] == ["/c/checkout", "/c/venv", "/opt/python"]


def test_settings_of_an_instance_cannot_stand_in_for_what_ocim_says(bench: Bench) -> None:
    tasks = "- copy: {content: '{{ ocim_uv }}', dest: '{{ ocim_host_root }}/uv'}"
    assert bench.run(bench.job(tasks, variables={"ocim_uv": "/secret"})).ok
    assert (bench.root / "uv").read_text() == uv.find_uv_bin()


def test_a_link_in_place_of_a_directory_that_a_run_writes_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "storage").symlink_to(tmp_path / "var")
    with pytest.raises(PermanentError, match="leads to"):
        Sandbox().wrap(["true"], View(writable=(tmp_path / "storage",)))


@needs_sandbox
def test_the_deepest_path_wins_and_what_is_hidden_stays_hidden(tmp_path: Path) -> None:
    """Nest state within the code, and a run's directory within that, as an installation does."""
    var = tmp_path / "code" / "var"
    (var / "run").mkdir(parents=True)
    (var / "master.key").write_text(KEY)
    (tmp_path / "code" / ".env").write_text(KEY)
    (var / "run" / "mine").write_text("mine")
    view = View((tmp_path / "code",), (var / "run",))
    sandbox = Sandbox(hidden=[var, tmp_path / "code" / ".env"])
    command = ["sh", "-c", f"cat {var}/master.key {tmp_path}/code/.env; cat {var}/run/mine"]
    done = subprocess.run(sandbox.wrap(command, view), capture_output=True, text=True, check=True)
    assert done.stdout == "mine"


def test_ocims_own_code_is_seen_and_the_directory_that_it_lies_in_is_not() -> None:
    package = OWN_CODE[0]
    assert (package.name, package.parent in OWN_CODE) == ("ocim", False)
    assert not list(package.rglob("*.sqlite3"))
    assert not list(package.rglob(".env"))


TRICKS = r"""
import ctypes, glob, json, os, platform, socket, sys
directory, secret, manager, *written = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
results = {}

def attempt(name):
    def decorate(function):
        try:
            results[name] = str(function())
        except BaseException as error:
            results[name] = "no: " + type(error).__name__
    return decorate

def read(path):
    with open(path, "rb") as file:
        return file.read(4096).decode(errors="replace")

@attempt("the file itself")
def _(): return read(secret)

@attempt("a link in the run's directory")
def _():
    os.symlink(secret, directory + "/link")
    return read(directory + "/link")

@attempt("a hard link")
def _():
    os.link(secret, directory + "/hard")
    return read(directory + "/hard")

@attempt("the manager's root")
def _(): return read(f"/proc/{manager}/root{secret}")

@attempt("the first process's root")
def _(): return read("/proc/1/root" + secret)

@attempt("environments of processes")
def _(): return " ".join(read(name) for name in glob.glob("/proc/[0-9]*/environ"))

@attempt("open files")
def _():
    kinds = {os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
             if int(fd) > 2 and os.path.exists(f"/proc/self/fd/{fd}")}
    return sorted(kind for kind in kinds if not kind.startswith("/proc/"))

@attempt("memory shared with others")
def _(): return [name for name in os.listdir("/dev/shm") if name != os.path.basename(directory)]

@attempt("keys of the session")
def _():
    number = {"x86_64": 250, "aarch64": 219}[platform.machine()]
    key = libc.syscall(number, 10, -3, b"user", b"ocim-test", 0)  # KEYCTL_SEARCH in the session
    buffer = ctypes.create_string_buffer(100)
    return buffer.raw[: max(0, libc.syscall(number, 11, key, buffer, 100))] if key > 0 else "none"

@attempt("the terminal")
def _():
    import fcntl, termios
    with open("/dev/tty", "wb") as terminal:
        fcntl.ioctl(terminal, termios.TIOCSTI, b"x")
    return "typed"

@attempt("a namespace of its own")
def _():
    if libc.unshare(0x10000000 | 0x00020000):
        raise OSError
    libc.umount2(os.path.dirname(secret).encode(), 2)
    return read(secret)

@attempt("another process")
def _(): return os.kill(int(manager), 0) or "there"

for path in written:
    @attempt("write " + path)
    def _():
        if os.path.isdir(path):
            path_ = path + "/forged"
        else:
            path_ = path
        with open(path_, "a") as file:
            file.write("forged")
        return "written"
print(json.dumps(results))
"""


@pytest.fixture
def planted_key() -> Iterator[None]:
    """Put a key into this session's keyring; nothing where the kernel has none."""
    import ctypes  # noqa: PLC0415
    import platform  # noqa: PLC0415

    numbers = {"x86_64": (248, 250), "aarch64": (217, 219)}
    if platform.machine() not in numbers:
        yield
        return
    add, control = numbers[platform.machine()]
    libc = ctypes.CDLL(None)
    key = libc.syscall(add, b"user", b"ocim-test", KEY.encode(), len(KEY), -3)
    yield
    libc.syscall(control, 9, key, -3)


@needs_sandbox
@pytest.mark.usefixtures("planted_key")
@pytest.mark.parametrize("connection", [LOCAL, replace(MACHINE, key_file="", known_hosts_file="")],
                         ids=["local", "machine"])  # fmt: skip
def test_no_trick_from_within_a_run_reads_or_changes_what_is_not_its_own(
    bench: Bench, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCIM_MASTER_KEY", KEY)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://ocim:{KEY}@db/ocim")
    cache = bench.directory / "cache"
    var, other = bench.directory / "var", bench.directory / "hosts" / "other"
    checkout, environment, run = cache / "checkouts/a", cache / "environments/a/venv", cache / "run"
    packages, storage = cache / "packages", bench.directory / "storage"
    for path in (var, other, checkout, environment, run, packages / "archive-v0", storage):
        path.mkdir(parents=True)
    (var / "master.key").write_text(KEY)
    record = cache / "environments" / "a.complete"
    record.write_text("{}")
    job = bench.job("[]")
    root = Path(job.host.root)
    job = replace(job, host=replace(job.host, connection=connection), directories=(str(storage),))
    configuration = Configuration(checkout, environment, is_builtin=True)
    view = run_view(job, configuration, run, packages=Packages(packages))
    targets = [record, cache / "environments/a.lock", checkout, environment, packages,
               run / "uv/archive-v0", other, var, Path("/etc"), Path("/usr")]  # fmt: skip
    with (var / "master.key").open() as leaked, Sandbox().command(
        [sys.executable, "-c", TRICKS, str(run), str(var / "master.key"), str(os.getpid()),
         *map(str, targets)],
        view,
    ) as (command, _):  # fmt: skip
        assert leaked.readable()
        done = subprocess.run(
            command, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert KEY not in done.stdout
    assert results["open files"] == "[]"
    assert results["memory shared with others"] == "[]"
    assert results["another process"].startswith("no: ")
    assert results["the terminal"].startswith("no: ")
    # What is not mounted is a place in the sandbox's own memory, if it is any.
    for path in (checkout, environment, run / "uv/archive-v0", Path("/etc"), Path("/usr")):
        assert results[f"write {path}"].startswith("no: ")
    assert not list(bench.directory.rglob("forged"))
    assert not [path for path in (Path("/etc/forged"), Path("/usr/forged")) if path.exists()]
    assert record.read_text() == "{}"
    assert root.is_dir()
