"""The whole installation on this machine: started, brought to its feet, and stopped."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from django.conf import settings

from ocim.adapters.providers import processes
from ocim.console.command import Error
from ocim.console.output import Output
from ocim.core.errors import Conflict, TransientError, ValidationError
from ocim.operations import balancing, hosts
from ocim.processes import sockets, supervisor
from ocim.processes.supervisor import Program
from ocim.store.selectors import live_workers
from ocim.tasks import PERIODIC
from ocim.wiring import context, queue_name

BESIDE = ("local", "nspawn")
"""Kinds of hosts that run on the manager's own machine: they start and stop with it."""
START_SECONDS = 60.0
STOP_SECONDS = 20.0
"""That supervisord is given to end all programs."""


def log_file() -> Path:
    """Return where all processes write to."""
    log: Path = settings.OCIM.var / supervisor.LOG
    return log


def run_directory() -> Path:
    """Return the directory of the sockets and of supervisord's files."""
    run: Path = settings.OCIM.var / "run"
    return run


@contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Be the only one that starts and stops it; Conflict while another one is."""
    path = var / "up.lock"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"Ocim runs already in {var}.", remedy="Stop that one first.") from None
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def is_running() -> bool:
    """Return whether any of its processes is."""
    return bool(processes.of_host(run_directory(), supervisor.MARK))


def start() -> None:
    """Start its programs, which then run without this process."""
    run = run_directory()
    run.mkdir(mode=0o700, exist_ok=True)
    log_file().parent.mkdir(parents=True, exist_ok=True)
    log_file().touch(0o600)
    config = run / supervisor.CONFIG
    config.touch(0o600)
    config.write_text(supervisor.configuration(_programs()))
    keep()


def keep() -> None:
    """Start supervisord again if it has died; the guards do so, if one of them is alive."""
    if said := supervisor.start(run_directory()):
        raise Error(f"supervisord does not start: {said}")


def _programs() -> list[Program]:
    options = settings.OCIM
    main = "ocim.project.main"
    places = [f"{name}={_place(*one)}" for name, same in _addresses().items() for one in same]
    queues = {
        "worker": options.queue_name,
        "low": options.low_priority_queue,
        "periodic": PERIODIC,
    }
    return [
        Program("guard", ["ocim.processes.guard", "%(process_num)d", *places], count=2),
        # The second of each waits, and takes the first one's place at once.
        Program("edge", [main, "balancer", "run", "edge"], count=2),
        Program("router", [main, "balancer", "run", "router"], count=2),
        Program("web", [main, "web"], startsecs=10),
        *(
            Program(name, [main, "worker"], {"HUEY_QUEUE_NAME": queue}, startsecs=10)
            for name, queue in queues.items()
        ),
    ]


def _addresses() -> sockets.Addresses:
    options = settings.OCIM
    host, _, port = options.web_address.rpartition(":")
    binds = options.balancer_bind or ("",)
    return {
        "web": [(host.strip("[]"), int(port))],
        "https": [(bind, options.https_port) for bind in binds],
        "http": [(bind, options.http_port) for bind in binds],
    }


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def require_free_ports() -> None:
    """Raise ValidationError where another program listens on one of its addresses."""
    names = {"web": "OCIM_WEB_ADDRESS", "https": "OCIM_HTTPS_PORT", "http": "OCIM_HTTP_PORT"}
    faults = []
    for name, places in _addresses().items():
        for host, port in places:
            try:
                sockets.listen(host, port).close()
            except OSError as error:
                where = _place(host, port)
                why = os.strerror(error.errno or 0)
                faults.append(f"{names[name]}: {where} cannot be had: {why}.")
    if faults:
        raise ValidationError(faults, remedy="Stop what has them, or set others.")


def start_hosts(out: Output) -> None:
    """Start the app servers on this machine again, as after a restart of the machine."""
    for provider in BESIDE:
        for lost in hosts.start_all(provider=provider, context=context()):
            out.say(f"The host {lost} did not start again.", style="yellow")


def wait_until_up() -> None:
    """Return once pages, workers and balancer work; Error where one of them does not start."""
    for what, ready in (("pages", _web_answers), ("workers", _work), ("balancer", _balances)):
        _wait(what, ready)
    for lagging in balancing.gaps(context=context()):  # what ran too early for it
        balancing.sync_and_wait(balancer_id=lagging.balancer_id, context=context())


def stop() -> None:
    """End all of its processes, whoever started them, and the app servers on this machine."""
    run = run_directory()
    if run.exists():
        with supervisor.locked(run):  # no guard starts it again
            processes.end(run, supervisor.pid(run), grace=STOP_SECONDS, mark=supervisor.MARK)
    for provider in BESIDE:
        hosts.stop_all(provider=provider, context=context())


def _wait(what: str, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise Error(f"The {what} did not start. See the end of {log_file()}.")
        time.sleep(0.1)


def _web_answers() -> bool:
    try:
        httpx.get(f"http://{settings.OCIM.web_address}/", timeout=5)
    except httpx.HTTPError:
        return False
    return True


def _work() -> bool:
    return live_workers(context().now(), queue_name()).exists()


def _balances() -> bool:
    balancer = context().adapters.balancer
    try:
        balancer.authority()
        balancer.is_applied("")
    except TransientError:
        return False
    return True
