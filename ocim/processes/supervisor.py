"""The supervisord that keeps the installation's processes running, and is itself kept by guards."""

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
"""In the environment of each process of an installation: its directory `run`."""
PYTHON, ROOT = "SUPERVISED_PYTHON", "SUPERVISED_ROOT"
CODE = Path(__file__).resolve().parents[2]
SOCKET, PID_FILE, CONFIG = "supervisord.sock", "supervisord.pid", "supervisord.conf"
LOG = "log/ocim.log"
"""Below OCIM_VAR. Programs write to it themselves: a pipe would end with supervisord."""
START_SECONDS = 30.0
PR_SET_PDEATHSIG = 1

# Paths are relative to `run`, or in the environment: neither supervisord's syntax nor the length
# of a socket's address limits what they may be. All programs are one group: it ends as one.
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
# It never gives up; the pause before the next start grows by a second with each death of one that
# has lived for less than startsecs.
_PROGRAM = """
[program:{name}]
command={command}
process_name=%(program_name)s-%(process_num)d
numprocs={count}
autorestart=true
startsecs={young}
startretries=1000000
stopwaitsecs=5
stdout_logfile=NONE
stderr_logfile=NONE
"""


@dataclass(frozen=True)
class Program:
    """A program that is kept running."""

    name: str
    argv: Sequence[str]
    """Words after `python -m`."""
    environment: Mapping[str, str] = field(default_factory=dict)
    count: int = 1
    young: int = 1
    """Seconds; one that dies sooner is started again later each time."""


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
        name=program.name, command=command, count=program.count, young=program.young
    )


def _word(word: str) -> str:
    return word if word.startswith("%(") else shlex.quote(word)


def start(run: Path) -> str:
    """Start supervisord if it does not run; return what it says where it does not start."""
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
            start_new_session=True,  # Ctrl-C reaches whoever started it alone
            timeout=START_SECONDS,
            check=False,
        )
    said = done.stdout.strip() or f"exit status {done.returncode}"
    return said if done.returncode else ""


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
    """Keep everybody else from starting it meanwhile."""
    path = run / "supervisord.lock"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def answers(run: Path) -> bool:
    """Return whether supervisord takes commands."""
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
    """Return its process id as it wrote it down, which may be outdated."""
    try:
        return int((run / PID_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None


def run_directory() -> Path | None:
    """Return the installation's directory `run` if this process is one of its programs."""
    run = os.environ.get(MARK)
    return Path(run) if run else None


def end_together() -> None:
    """Have the kernel end this process when the supervisord that started it dies."""
    if run := run_directory():
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != pid(run):
            sys.exit("The supervisord that started this process has ended.")
