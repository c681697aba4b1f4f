"""`ocim up`: start the whole installation on this machine."""

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
from ocim.core.provisioning import ANSIBLE, PROVISIONERS
from ocim.store.models import OpenEdXInstance
from ocim.wiring import instance_url

BETWEEN = 2.0
"""Seconds between two checks that supervisord runs."""
LISTED = 10
"""Maximum number of instances whose addresses are printed."""
SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""Signals that stop everything."""


class Command(OcimCommand):
    help = "Start the manager, its workers and the balancer; create a demo instance at first."
    examples = """examples:
  ocim up
  ocim up --shop
  ocim up --no-demo

Ctrl-C stops everything. A process that dies is restarted. If `ocim up` itself dies, the others keep
running: stop them with `ocim down`, or run `ocim up` again.
"""
    requires_system_checks = ()  # there may be no master key yet

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--no-demo",
            action="store_true",
            help="Create no demo instance (default: create one if there is no instance).",
        )
        demo = parser.add_mutually_exclusive_group()
        demo.add_argument(
            "--shop",
            action="store_true",
            help="Enable ecommerce and course discovery on the demo instance.",
        )
        demo.add_argument(
            "--provisioner",
            choices=PROVISIONERS,
            default=ANSIBLE,
            help=f"Provisioner of the demo instance (default: {ANSIBLE}).",
        )
        parser.set_defaults(run=self.up)

    def up(self, options: argparse.Namespace) -> None:
        """Start everything, and keep supervisord running until a signal ends this process."""
        ensure_master_key(settings.OCIM.var)
        with lifecycle.only_one(settings.OCIM.var):
            runs_already = lifecycle.is_running()
            if not runs_already:
                lifecycle.require_free_ports()
            call_command("setup")
            for number in SIGNALS:  # SIGINT, too: a shell has its background jobs ignore it
                signal.signal(number, _interrupt)
            try:
                self._bring_up(options, runs_already)
                self.out.say("Press Ctrl-C to stop everything.")
                while True:
                    time.sleep(BETWEEN)
                    lifecycle.keep()
            except KeyboardInterrupt:
                self.out.say("Stopping.")
                _stop()

    def _bring_up(self, options: argparse.Namespace, runs_already: bool) -> None:
        try:
            if runs_already:
                lifecycle.keep()
            else:
                lifecycle.start()
                lifecycle.start_hosts(self.out)
            lifecycle.wait_until_up()
            self._show(options)
        except Exception:
            if not runs_already:  # if it ran before, it may be serving visitors
                _stop()
            raise

    def _show(self, options: argparse.Namespace) -> None:
        self.out.say(f"Ocim:  http://{settings.OCIM.web_address}/  (log: {lifecycle.log_file()})")
        if not options.no_demo:
            make_demo(self.out, with_shop=options.shop, provisioner=options.provisioner)
        active = OpenEdXInstance.objects.filter(appserver_set__is_active=True).distinct()
        for instance in active[:LISTED]:
            self.out.say(f"{instance.name}:  {instance_url(instance)}")


def _stop() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    lifecycle.stop()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
