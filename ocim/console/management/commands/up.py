"""`ocim up`: everything on this machine, from nothing."""

import argparse
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandParser

from ocim.console.command import Error, OcimCommand
from ocim.console.demo import make_demo
from ocim.console.keep import die_with_parent
from ocim.console.master_key import ensure_master_key
from ocim.core.errors import BadInput, NotPossible, OutsideError
from ocim.operations import balancing, hosts
from ocim.store.models import OpenEdXInstance
from ocim.store.selectors import live_workers
from ocim.wiring import ROOT, context, instance_url, queue_name

BESIDE = ("local", "nspawn")
"""Kinds of hosts that run on the manager's own machine: they start and stop with it."""
START_SECONDS = 60.0


class Command(OcimCommand):
    help = "Start the manager, its workers and the balancer; on an empty fleet, a demo instance."
    requires_system_checks = ()  # there may be no master key yet

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="leave an empty fleet empty")
        parser.add_argument(
            "--shop", action="store_true", help="the demo has ecommerce and course discovery"
        )
        parser.set_defaults(run=self.up)

    def up(self, given: argparse.Namespace) -> None:
        ensure_master_key(settings.OCIM.var)
        _only_one(settings.OCIM.var)
        _require_free_ports()
        call_command("setup")
        for told in (signal.SIGTERM, signal.SIGINT):  # a shell's background job ignores SIGINT
            signal.signal(told, _interrupt)
        log = settings.OCIM.var / "log" / "ocim.log"
        honcho = _start_processes(log)
        try:
            self._bring_up(honcho, given, log)
            honcho.wait()
            raise Error(f"The processes ended. See {log}.")
        except KeyboardInterrupt:
            self.out.say("Stopping.")
        finally:
            for told in (signal.SIGTERM, signal.SIGINT):
                signal.signal(told, signal.SIG_IGN)
            honcho.terminate()
            honcho.wait()
            for provider in BESIDE:
                hosts.stop_all(provider=provider, context=context())

    def _bring_up(
        self, honcho: "subprocess.Popen[bytes]", given: argparse.Namespace, log: Path
    ) -> None:
        for provider in BESIDE:
            for lost in hosts.start_all(provider=provider, context=context()):
                self.out.say(f"The host {lost} did not start again.", style="yellow")
        for what, ready in (("pages", _web_answers), ("workers", _work), ("balancer", _balances)):
            _wait(what, ready, honcho, log)
        for lagging in balancing.gaps(context=context()):  # what ran too early for it
            balancing.sync_and_wait(balancer_id=lagging.balancer_id, context=context())
        self.out.say(f"Ocim:  http://{settings.OCIM.web_address}/  (log: {log})")
        if not given.no_demo:
            make_demo(self.out, with_shop=given.shop)
        for one in OpenEdXInstance.objects.filter(appserver_set__is_active=True).distinct()[:10]:
            self.out.say(f"{one.name}:  {instance_url(one)}")
        self.out.say("Ctrl-C stops it all.")


def _only_one(var: Path) -> None:
    lock = os.open(var / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)  # held until this process ends
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise NotPossible(f"Ocim runs already in {var}.", remedy="Stop that one first.") from None


def _require_free_ports() -> None:
    options = settings.OCIM
    host, _, port = options.web_address.rpartition(":")
    wanted = [("OCIM_WEB_ADDRESS", host, int(port))]
    for bind in options.balancer_bind:
        wanted += [("OCIM_HTTPS_PORT", bind, options.https_port)]
        wanted += [("OCIM_HTTP_PORT", bind, options.http_port)]
    faults = []
    for name, address, number in wanted:
        try:
            socket.create_server((address, number)).close()
        except OSError as error:
            faults.append(f"{name}: {address}:{number} cannot be had: {error.strerror}.")
    if faults:
        raise BadInput(faults, remedy="Stop what has them, or set others.")


def _start_processes(log: Path) -> "subprocess.Popen[bytes]":
    log.parent.mkdir(parents=True, exist_ok=True)
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "honcho", "start", "--no-colour"],
            cwd=ROOT,
            env={**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"},
            stdout=file,
            stderr=file,
            start_new_session=True,  # Ctrl-C reaches this process alone, which then ends that one
            preexec_fn=die_with_parent,  # noqa: PLW1509
        )


def _wait(
    what: str, ready: Callable[[], bool], honcho: "subprocess.Popen[bytes]", log: Path
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if honcho.poll() is not None or time.monotonic() > deadline:
            raise Error(f"The {what} did not start. See the end of {log}.")
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
    balancer = context().outside.balancer
    try:
        balancer.authority()
        balancer.is_applied("")
    except OutsideError:
        return False
    return True


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
