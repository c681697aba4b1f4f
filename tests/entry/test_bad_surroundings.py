"""A machine that does not let Ocim work: commands as processes, on a directory of their own."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.console.processes import KEY, ROOT, environment, manage, migrate
from tests.entry.traces import SECRET, files

OTHER_KEY = "OTEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
NEW = ("instance", "create", "new.example.com")
WITHOUT_ROOTS_RIGHTS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
LITTLE = 8 * 1024


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an installation with an instance."""
    var = tmp_path_factory.mktemp("var")
    migrate(var)
    for words in (["setup"], ["instance", "create", "campus.example.com"]):
        ran = manage(var, *words)
        assert ran.returncode == 0, ran.stderr
    return var


@pytest.fixture
def var(installation: Path, tmp_path: Path) -> Path:
    """Return the directory of that installation, for one test."""
    return Path(shutil.copytree(installation, tmp_path / "var"))


def refused(ran: "subprocess.CompletedProcess[str]", *says: str, status: int = 1) -> None:
    assert ran.returncode == status, ran
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    assert len(ran.stderr) < 1000
    for secret in (SECRET, KEY, OTHER_KEY):
        assert secret not in ran.stderr
    for output in says:
        assert output in ran.stderr


def kept(var: Path) -> dict[str, object]:
    """Return the files, without those that SQLite makes while somebody reads."""
    result = files(var).items()
    return {name: what for name, what in result if not name.endswith(("-wal", "-shm"))}


@pytest.mark.parametrize("key", ["", "short", SECRET, f"{KEY[:-1]}\u00e9"])
def test_a_key_that_is_missing_or_none_is_refused(var: Path, key: str) -> None:
    before = kept(var)

    refused(manage(var, *NEW, OCIM_MASTER_KEY=key), "OCIM_MASTER_KEY: ")

    assert kept(var) == before


@pytest.mark.parametrize(
    "words, status",
    [
        (("instance", "show", "campus.example.com"), 1),
        (("appserver", "spawn", "campus.example.com", "--no-wait"), 1),
        (("config", "show", "campus.example.com", "--json"), 2),
    ],
)
def test_another_installations_key_is_refused(
    var: Path, words: tuple[str, ...], status: int
) -> None:
    before = kept(var)

    ran = manage(var, *words, OCIM_MASTER_KEY=OTHER_KEY)

    refused(ran, "another master key", "Set OCIM_MASTER_KEY", status=status)
    assert kept(var) == before


@pytest.mark.parametrize("words", [("instance", "list"), NEW, ("migrate",)])
def test_without_its_directory_nothing_is_made(tmp_path: Path, words: tuple[str, ...]) -> None:
    refused(manage(tmp_path / "nowhere", *words), "manager's database", "`ocim doctor`")

    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_directory_of_an_installation(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text(SECRET)

    refused(manage(file, "up"), f"{file}: File exists")

    assert file.read_text() == SECRET


@pytest.mark.parametrize(
    "content", [b"", b"no database" * 1000, b"SQLite format 3\x00" + b"x" * 9000]
)
def test_a_database_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    database = tmp_path / "ocim.sqlite3"
    database.write_bytes(content)

    refused(manage(tmp_path, *NEW), "Cannot use the manager's database")


def test_a_queue_that_is_none_is_told(var: Path) -> None:
    (var / "queue.sqlite3").write_bytes(b"no queue" * 1000)

    ran = manage(var, "appserver", "spawn", "campus.example.com", "--no-wait")

    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert "file is not a database" in ran.stderr


def test_a_read_only_installation_is_only_read(var: Path) -> None:
    before = kept(var)
    for path in (*var.rglob("*"), var):
        path.chmod(0o500 if path.is_dir() else 0o400)

    try:
        refused(run(var, *WITHOUT_ROOTS_RIGHTS * (os.geteuid() == 0), words=NEW), "database")
    finally:
        var.chmod(0o700)

    assert kept(var) == before


def test_a_full_disk_leaves_the_database_as_it_was(var: Path) -> None:
    before = kept(var)

    refused(run(var, words=NEW, before=little_room), "Cannot use the manager's database")

    assert kept(var) == before


def test_output_that_finds_no_room_is_told(var: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ran = run(var, words=("instance", "list"), stdout=full.fileno())

    assert ran.returncode == 1
    assert ran.stderr.startswith("Error: No space left on device.")


def test_who_has_read_enough_hears_of_no_trouble(var: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = run(var, words=("instance", "list"), stdout=writing)
    finally:
        os.close(writing)

    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    "url", [f"postgres//ocim:{SECRET}@db/ocim", f"paper://ocim:{SECRET}@db", f"mysql://a:{SECRET}@"]
)
def test_a_database_url_is_refused_without_its_password(var: Path, url: str) -> None:
    refused(manage(var, *NEW, DATABASE_URL=url), "DATABASE_URL")


@pytest.mark.parametrize(
    "name, value",
    [
        ("OCIM_LEASE", "-1"),
        ("OCIM_DRAIN", "nan"),
        ("OCIM_WORKERS", "9" * 5000),
        ("OCIM_HTTPS_PORT", "70000"),
        ("OCIM_QUEUE_URL", f"amqp://{SECRET}"),
        ("OCIM_DEBUG", "perhaps"),
        ("OCIM_NSPAWN_NETWORK", "10.0.0.0/40"),
        ("OCIM_BALANCER_BIND", "everywhere"),
        ("OCIM_PLATFORM", "\x01"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(var: Path, name: str, value: str) -> None:
    before = kept(var)

    refused(manage(var, *NEW, **{name: value}), f"{name}: ")

    assert kept(var) == before


def run(
    var: Path,
    *wrapper: str,
    words: tuple[str, ...],
    stdout: int = subprocess.PIPE,
    before: Callable[[], None] | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run `manage` under a wrapper, with limits on what it can write to."""
    return subprocess.run(
        [*wrapper, sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment(var),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=before,
    )


def little_room() -> None:
    """Let no file grow beyond a few blocks, as on a disk without room."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (LITTLE, LITTLE))
