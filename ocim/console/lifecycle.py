"""The life cycle of the installation on this machine: start, wait until up, and stop."""

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
"""Kinds of hosts on the manager's own machine, which start and stop with it."""
START_SECONDS = 60.0
"""Maximum number of seconds until pages, workers and balancer work."""
STOP_SECONDS = 20.0
"""Maximum number of seconds that supervisord takes to stop all programs."""


def log_file() -> Path:
    """Return the path of the log file that all processes write to."""
    log: Path = settings.OCIM.var / supervisor.LOG
    return log


def run_directory() -> Path:
    """Return the directory of the sockets and of supervisord's files."""
    run: Path = settings.OCIM.var / "run"
    return run


@contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Hold the lock for starting and stopping. Raise Conflict if another process has it."""
    path = var / "up.lock"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"Ocim runs already in {var}.", remedy="Stop it first: ocim down"
            ) from None
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def is_running() -> bool:
    """Return True if one of its processes runs."""
    return bool(processes.of_host(run_directory(), supervisor.MARK))


def start() -> None:
    """Start supervisord and its programs, which run independently of this process."""
    run = run_directory()
    run.mkdir(mode=0o700, exist_ok=True)
    log_file().parent.mkdir(parents=True, exist_ok=True)
    log_file().touch(0o600)
    config = run / supervisor.CONFIG
    config.touch(0o600)
    config.write_text(supervisor.configuration(_programs()))
    keep()


def keep() -> None:
    """Start supervisord if it does not run. Raise Error if it does not start."""
    if output := supervisor.start(run_directory()):
        raise Error(f"supervisord does not start: {output}")


def _programs() -> list[Program]:
    options = settings.OCIM
    main = "ocim.project.main"
    places = [
        f"{name}={_place(*address)}"
        for name, addresses in _addresses().items()
        for address in addresses
    ]
    queues = {
        "worker": options.queue_name,
        "low": options.low_priority_queue,
        "periodic": PERIODIC,
    }
    # The second process of each waits, and replaces the first at once if that dies.
    balancer = [
        Program(role, [main, "balancer", "run", role], count=2)
        for role in ("edge", "router")
        if not options.balancer_url
    ]
    return [
        Program("guard", ["ocim.processes.guard", "%(process_num)d", *places], count=2),
        *balancer,
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
    web = {"web": [(host.strip("[]"), int(port))]}
    if options.balancer_url:
        return web
    return {
        **web,
        "https": [(bind, options.https_port) for bind in binds],
        "http": [(bind, options.http_port) for bind in binds],
    }


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def require_free_ports() -> None:
    """Raise ValidationError with every address that Ocim cannot listen on."""
    names = {"web": "OCIM_WEB_ADDRESS", "https": "OCIM_HTTPS_PORT", "http": "OCIM_HTTP_PORT"}
    faults = []
    for name, places in _addresses().items():
        for host, port in places:
            try:
                sockets.listen(host, port).close()
            except OSError as error:
                reason = os.strerror(error.errno or 0).lower()
                faults.append(f"Cannot listen on {_place(host, port)} ({names[name]}): {reason}.")
    if faults:
        raise ValidationError(
            faults, remedy="Stop the other program, or set another address in `.env`."
        )


def start_hosts(out: Output) -> None:
    """Start the hosts on this machine, as after its restart; print those that do not start."""
    for provider in BESIDE:
        for name in hosts.start_all(provider=provider, context=context()):
            out.say(
                f"Host {name} did not start. `ocim doctor` says which app server it belongs to.",
                style="yellow",
            )


def wait_until_up() -> None:
    """Wait until pages, workers and balancer work. Raise Error if one does not start in time."""
    parts = (("pages", _web_answers), ("workers", _has_workers), ("balancer", _router_answers))
    for part, is_ready in parts:
        _wait(part, is_ready)
    for gap in balancing.gaps(context=context()):  # updates sent before the router was up
        balancing.sync_and_wait(balancer_id=gap.balancer_id, context=context())


def stop() -> None:
    """Stop all of its processes, and the app servers' hosts on this machine."""
    run = run_directory()
    if run.exists():
        with supervisor.locked(run):  # the guards cannot start it again meanwhile
            processes.end(run, supervisor.pid(run), grace=STOP_SECONDS, mark=supervisor.MARK)
    for provider in BESIDE:
        hosts.stop_all(provider=provider, context=context())


def _wait(part: str, is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if time.monotonic() > deadline:
            raise Error(
                f"The {part} did not start within {START_SECONDS:g} s. See the end of {log_file()}."
            )
        time.sleep(0.1)


def _web_answers() -> bool:
    try:
        httpx.get(f"http://{settings.OCIM.web_address}/", timeout=5)
    except httpx.HTTPError:
        return False
    return True


def _has_workers() -> bool:
    return live_workers(context().now(), queue_name()).exists()


def _router_answers() -> bool:
    balancer = context().adapters.balancer
    try:
        balancer.authority()
        balancer.is_applied("")
    except TransientError:
        return False
    return True
