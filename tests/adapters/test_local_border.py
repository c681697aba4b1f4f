"""The limits of what a harmful program of a local host can read and do."""

import fcntl
import os
import pty
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ocim.adapters.providers import processes
from ocim.adapters.providers.local.provider import LocalProvider
from ocim.adapters.sandbox import Sandbox
from ocim.core.errors import PermanentError
from ocim.core.hosts import Host, HostRequest
from tests.local_hosts import heard, kill_processes_below, local_hosts, run, set_up_program

KEY = "the master key"
pytestmark = pytest.mark.skipif(
    not Sandbox().isolation().is_sandbox, reason=Sandbox().isolation().detail
)


@dataclass
class Fleet:
    """The manager's state, with a host of one instance; another instance is there as well."""

    var: Path
    provider: LocalProvider
    host: Host

    @property
    def secrets(self) -> list[Path]:
        return [path for path in self.var.rglob("*") if path.is_file() and KEY in text_of(path)]

    def service(self, script: str) -> str:
        """Return the answer of a service of the host."""
        set_up_program(self.host, "evil", f"exec >said 2>&1; {script}; exit 0")
        run(self.provider, "one", "supervisorctl", "update")
        try:
            return heard(self.host)
        finally:
            Path(self.host.root, "edx/app/supervisor/conf.d/evil.conf").unlink()
            run(self.provider, "one", "supervisorctl", "update")

    def command(self, script: str) -> str:
        """Return the output of a command on the host, errors included."""
        return self.provider.run("one", ["bash", "-c", f"exec 2>&1; {script}"], timeout=30).output


def text_of(path: Path) -> str:
    return path.read_text(errors="replace")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    var = tmp_path_factory.mktemp("var")
    for name in (
        "master.key", "ocim.sqlite3", "balancer/authority.key", "databases/other/edxapp.sqlite3",
        "storage/other/upload", "hosts/other/edx/etc/lms.yml", "hosts/.images/one/edx/code",
    ):  # fmt: skip
        (var / name).parent.mkdir(parents=True, exist_ok=True)
        (var / name).write_text(KEY)
    own = tuple(str(var / kind / "one") for kind in ("databases", "storage"))
    with local_hosts(var / "hosts") as provider:
        host = provider.create(HostRequest("one", directories=own))
        provider.wait_until_reachable("one", timeout=30)
        yield Fleet(var, provider, host)


@pytest.fixture(params=["service", "command"])
def says(request: pytest.FixtureRequest, fleet: Fleet) -> Callable[[str], str]:
    """Return the two ways in which programs are started on a host."""
    started: Callable[[str], str] = getattr(fleet, request.param)
    return started


@pytest.fixture
def manager() -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process of the same user, with a secret in its environment."""
    with subprocess.Popen(["/bin/sleep", "1000"], env={"OCIM_MASTER_KEY": KEY}) as process:
        yield process
        process.kill()


def test_it_reads_nothing_of_the_manager_or_of_other_instances(
    fleet: Fleet, says: Callable[[str], str]
) -> None:
    assert len(fleet.secrets) == 7
    output = says(f"cat {shlex.join(map(str, fleet.secrets))}; cd {fleet.var}; echo *; echo */*")
    assert KEY not in output
    assert output.count("No such file or directory") == 7
    assert output.endswith("databases hosts storage\ndatabases/one hosts/one storage/one\n")


def test_it_writes_nothing_outside(fleet: Fleet, says: Callable[[str], str]) -> None:
    outside = [
        fleet.var / "new",
        fleet.var / "hosts/new",
        fleet.var / "hosts/.records/one/record.json",
        Path(sys.prefix, "new"),
        Path(processes.__file__),
        Path("/etc/ocim-new"),
        Path("/usr/local/bin/ocim-new"),
    ]
    before = [text_of(path) if path.exists() else None for path in outside]
    paths = " ".join(map(str, outside))
    says(f"for path in {paths}; do echo evil >> $path; done")
    assert [text_of(path) if path.exists() else None for path in outside] == before
    says(f"rm -f {fleet.var}/new {fleet.var}/hosts/new")  # in its own view, which other tests see


def test_it_neither_sees_nor_ends_processes_of_others(
    says: Callable[[str], str], manager: subprocess.Popen[bytes]
) -> None:
    output = says(
        f"cat /proc/[0-9]*/environ | tr '\\0' '\\n'; kill -9 {manager.pid};"
        f" cat /proc/{manager.pid}/maps; cat /proc/{os.getpid()}/environ"
    )
    assert KEY not in output
    assert "OCIM_HOST_ROOT" in output, "its own it may read"
    assert output.count("No such") == 3
    assert manager.poll() is None


def test_it_changes_nothing_of_the_kernel(says: Callable[[str], str]) -> None:
    look = "find /proc/sys /proc/sysrq-trigger -writable -type f 2>/dev/null"
    output = says(f"{look}; grep CapEff /proc/self/status")
    assert output == "CapEff:\t0000000000000000\n"


def test_it_reads_and_writes_what_is_its_instances(
    fleet: Fleet, says: Callable[[str], str]
) -> None:
    own = [fleet.var / "databases/one/edxapp.sqlite3", fleet.var / "storage/one/upload"]
    output = says("; ".join(f"echo hello > {path} && cat {path}" for path in own))
    assert output == "hello\nhello\n"
    assert [path.read_text() for path in own] == ["hello\n", "hello\n"]


def test_after_a_reboot_it_sees_what_it_saw(fleet: Fleet) -> None:
    (fleet.var / "databases/one/kept").write_text("kept\n")
    fleet.provider.reboot("one")
    assert fleet.service(f"cat {fleet.var}/databases/one/kept {fleet.var}/master.key") == (
        f"kept\ncat: {fleet.var}/master.key: No such file or directory\n"
    )


def test_links_that_it_has_put_into_its_root_lead_nobody_astray(fleet: Fleet) -> None:
    root, key = Path(fleet.host.root), fleet.var / "master.key"
    for name in ("etc/authorities.pem", "bin/crond", "edx/app/supervisor/supervisord.conf"):
        fleet.command(f"mv {root}/{name} {root}/{name}.was; ln -s {key} {root}/{name}")
    with pytest.raises(PermanentError, match="does not start"):
        fleet.provider.reboot("one")
    assert key.read_text() == KEY
    assert KEY not in "".join(map(text_of, (root / "etc").glob("t*.pem")))

    for name in ("etc/authorities.pem", "bin/crond", "edx/app/supervisor/supervisord.conf"):
        (root / f"{name}.was").rename(root / name)
    fleet.provider.reboot("one")


def test_a_program_named_as_the_sandboxs_is_not_started(fleet: Fleet) -> None:
    escaped = fleet.var / "escaped"
    for name in ("bwrap", "env", "script"):
        program = Path(fleet.host.root, "bin", name)
        program.write_text(f'#!/bin/sh\necho "$0" >> {escaped}\nexec /usr/bin/{name} "$@"\n')
        program.chmod(0o755)
    try:
        fleet.provider.reboot("one")
        assert fleet.command("echo hello") == "hello\n"
        assert not escaped.exists()
    finally:
        for name in ("bwrap", "env", "script"):
            Path(fleet.host.root, "bin", name).unlink()


def test_what_it_locks_keeps_nobody_waiting(fleet: Fleet) -> None:
    held = os.open(fleet.host.root, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        fleet.provider.reboot("one")
    finally:
        os.close(held)


def test_a_command_cannot_type_on_the_terminal_of_who_starts_it(fleet: Fleet) -> None:
    argv = fleet.provider.command("one", ["sh", "-c", "exec </dev/tty && echo has one"])
    child, terminal = pty.fork()
    if child == 0:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        os._exit(int(b"has one" in done.stdout))
    assert os.waitpid(child, 0)[1] == 0
    os.close(terminal)


def test_a_shell_has_a_terminal_of_its_own(fleet: Fleet) -> None:
    code = (
        "import os, sys; from pathlib import Path;"
        "from ocim.adapters.providers.local.provider import LocalProvider;"
        "look = 'test -t 0 && stat -L -c %t:%T /dev/fd/0; exit 7';"
        "argv = LocalProvider(Path(sys.argv[1])).command('one', ['sh', '-c', look]);"
        "os.execvp(argv[0], argv)"
    )
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", code, str(fleet.var / "hosts")]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as shell:
        text = os.read(ours, 1000).decode().strip()
    assert shell.returncode == 7
    major, minor = (int(number, 16) for number in text.split(":"))
    assert os.makedev(major, minor) != os.fstat(theirs).st_rdev
    os.close(ours)
    os.close(theirs)


def test_what_is_run_from_a_terminal_reads_its_whole_input_and_no_terminal(fleet: Fleet) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from ocim.adapters.providers.local.provider import LocalProvider;"
        "provider = LocalProvider(Path(sys.argv[1]));"
        "ran = provider.run('one', ['sh', '-c', 'cat; test -t 0'], stdin='x' * 9999, timeout=60);"
        "print(ran.status, len(ran.output))"
    )
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", code, str(fleet.var / "hosts")]
    done = subprocess.run(command, stdin=theirs, capture_output=True, text=True, check=False)
    os.close(ours)
    os.close(theirs)
    assert done.stdout == "1 9999\n"


def test_a_command_ends_with_who_started_it(fleet: Fleet) -> None:
    argv = fleet.provider.command("one", ["sh", "-c", "echo started; sleep 1234"])
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"started\n"
        process.send_signal(signal.SIGKILL)
        assert process.stdout.read() == b"", "nobody holds its output open any more"


def test_where_there_is_no_sandbox_hosts_are_as_before(tmp_path: Path) -> None:
    provider = LocalProvider(tmp_path, ports=(), sandbox=Sandbox(program="no-such-program"))
    assert not provider.isolation().is_sandbox
    try:
        host = provider.create(HostRequest("one"))
        set_up_program(host, "lms", "echo up > said; exec sleep infinity")
        run(provider, "one", "supervisorctl", "update")
        assert heard(host) == "up\n"
        provider.reboot("one")
        assert heard(host) == "up\n"
        provider.destroy("one")
        assert processes.of_host(Path(host.root)) == set()
    finally:
        kill_processes_below(tmp_path)


def test_where_a_sandbox_is_required_and_there_is_none_there_are_no_hosts(tmp_path: Path) -> None:
    sandbox = Sandbox(program="no-such-program", required=True)
    provider = LocalProvider(tmp_path, ports=(), sandbox=sandbox)
    with pytest.raises(PermanentError, match="OCIM_REQUIRE_SANDBOX"):
        provider.create(HostRequest("one"))
    assert provider.find("one") is None
    provider.destroy("one")
    assert provider.list() == []
