"""The supervisord that keeps an installation's processes running; guards restart it if it dies."""

import ctypes
import fcntl
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

MARK = "SUPERVISED_BY_OCIM"
"""The environment variable of an installation's processes that holds its directory `run`."""
PYTHON, ROOT = "SUPERVISED_PYTHON", "SUPERVISED_ROOT"
CODE = Path(__file__).resolve().parents[2]
SOCKET, PID_FILE, CONFIG = "supervisord.sock", "supervisord.pid", "supervisord.conf"
LOG = "log/ocim.log"
"""The common log, below OCIM_VAR.

Programs write to it themselves: a pipe would end with supervisord.
"""
START_SECONDS = 30.0
PR_SET_PDEATHSIG = 1

# Paths are relative to `run` or come from environment variables: supervisord's syntax and the
# length limit of a socket's address would restrict them otherwise. All programs are in one group,
# so that they are stopped together.
_HEAD = f"""\
[unix_http_server]
file=/proc/self/cwd/{SOCKET}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix:///proc/self/cwd/{SOCKET}

[supervisord]
logfile=../{LOG}
logfile_maxbytes=0
pidfile={PID_FILE}
nocleanup=true
umask=077

[group:ocim]
programs={{names}}
"""
# supervisord restarts a program forever. Each time that it ends within startsecs, the pause before
# the next start grows by one second.
_PROGRAM = """
[program:{name}]
command={command}
process_name=%(program_name)s-%(process_num)d
numprocs={count}
autorestart=true
startsecs={startsecs}
startretries=1000000
stopwaitsecs=5
stdout_logfile=NONE
stderr_logfile=NONE
"""


@dataclass(frozen=True)
class Program:
    """A program that supervisord keeps running."""

    name: str
    argv: Sequence[str]
    """The arguments after `python -m`."""
    environment: Mapping[str, str] = field(default_factory=dict)
    count: int = 1
    startsecs: int = 1
    """Seconds: a program that ends sooner is restarted after a growing pause."""


def configuration(programs: Sequence[Program]) -> str:
    """Return supervisord's configuration file."""
    head = _HEAD.format(names=",".join(program.name for program in programs))
    return head + "".join(map(_section, programs))


def _section(program: Program) -> str:
    values = [f"{name}={shlex.quote(value)}" for name, value in program.environment.items()]
    words = " ".join([*values, f'exec "${PYTHON}" -m', *map(_word, program.argv)])
    script = f'cd "${ROOT}" && {words} >>"${MARK}/../{LOG}" 2>&1'
    command = shlex.join(["/bin/sh", "-c", script]).replace("%", "%%").replace("%%(", "%(")
    return _PROGRAM.format(
        name=program.name, command=command, count=program.count, startsecs=program.startsecs
    )


def _word(word: str) -> str:
    return word if word.startswith("%(") else shlex.quote(word)


def start(run: Path) -> str:
    """Start supervisord unless it is running; return its error message, or an empty text."""
    with locked(run):
        if answers(run):
            return ""
        done = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", CONFIG],
            cwd=run,
            env=_environment(run),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C must not reach it
            timeout=START_SECONDS,
            check=False,
        )
    fault = done.stdout.strip() or f"exit status {done.returncode}"
    return fault if done.returncode else ""


def _environment(run: Path) -> dict[str, str]:
    beside = Path(sys.executable).parent
    return os.environ | {
        MARK: str(run),
        PYTHON: sys.executable,
        ROOT: str(CODE),
        "PATH": f"{beside}:{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Hold the lock for the block, so that no other process starts supervisord meanwhile."""
    path = run / "supervisord.lock"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def answers(run: Path) -> bool:
    """Return True if supervisord accepts commands."""
    try:
        directory = os.open(run, os.O_PATH | os.O_DIRECTORY)
    except FileNotFoundError:
        return False
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2.0)
            client.connect(f"/proc/self/fd/{directory}/{SOCKET}")
    except OSError:
        return False
    finally:
        os.close(directory)
    return True


def pid(run: Path) -> int | None:
    """Return the process id in supervisord's PID file, which may be outdated; None without one."""
    try:
        return int((run / PID_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None


def run_directory() -> Path | None:
    """Return the installation's directory `run`; None if this process is none of its programs."""
    run = os.environ.get(MARK)
    return Path(run) if run else None


def end_together() -> None:
    """Make the kernel end this process when the supervisord that started it dies."""
    if run := run_directory():
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != pid(run):
            sys.exit("The supervisord that started this process has ended.")
