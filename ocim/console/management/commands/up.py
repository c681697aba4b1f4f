"""`ocim up`: everything on this machine, from nothing."""

import argparse
import signal
import time

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandParser

from ocim.console import lifecycle
from ocim.console.command import OcimCommand
from ocim.console.demo import make_demo
from ocim.console.master_key import ensure_master_key
from ocim.store.models import OpenEdXInstance
from ocim.wiring import instance_url

BETWEEN = 2.0
"""Seconds between two looks whether supervisord is there."""


class Command(OcimCommand):
    help = "Start the manager, its workers and the balancer; on an empty fleet, a demo instance."
    examples = """Processes that are killed come back. Where `ocim up` itself is killed, the others
go on: stop them with `ocim down`, or start `ocim up` again.
"""
    requires_system_checks = ()  # there may be no master key yet

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="leave an empty fleet empty")
        parser.add_argument(
            "--shop", action="store_true", help="the demo has ecommerce and course discovery"
        )
        parser.set_defaults(run=self.up)

    def up(self, given: argparse.Namespace) -> None:
        ensure_master_key(settings.OCIM.var)
        with lifecycle.only_one(settings.OCIM.var):
            runs_already = lifecycle.is_running()
            if not runs_already:
                lifecycle.require_free_ports()
            call_command("setup")
            for told in (signal.SIGTERM, signal.SIGINT):  # a shell's background job ignores SIGINT
                signal.signal(told, _interrupt)
            try:
                self._bring_up(given, runs_already)
                self.out.say("Ctrl-C stops it all.")
                while True:
                    time.sleep(BETWEEN)
                    lifecycle.keep()
            except KeyboardInterrupt:
                self.out.say("Stopping.")
                _stop()

    def _bring_up(self, given: argparse.Namespace, runs_already: bool) -> None:
        try:
            if runs_already:
                lifecycle.keep()
            else:
                lifecycle.start()
                lifecycle.start_hosts(self.out)
            lifecycle.wait_until_up()
            self._tell(given)
        except Exception:
            if not runs_already:  # otherwise it may serve visitors
                _stop()
            raise

    def _tell(self, given: argparse.Namespace) -> None:
        self.out.say(f"Ocim:  http://{settings.OCIM.web_address}/  (log: {lifecycle.log_file()})")
        if not given.no_demo:
            make_demo(self.out, with_shop=given.shop)
        for one in OpenEdXInstance.objects.filter(appserver_set__is_active=True).distinct()[:10]:
            self.out.say(f"{one.name}:  {instance_url(one)}")


def _stop() -> None:
    for told in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told, signal.SIG_IGN)
    lifecycle.stop()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
