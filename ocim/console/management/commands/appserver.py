"""`ocim appserver`: app servers, each a deployment of an instance on a host of its own."""

import argparse
import os
from collections.abc import Callable
from functools import partial

from django.core.management.base import CommandParser

from ocim.console.appservers import print_facts, print_table
from ocim.console.command import OcimCommand
from ocim.console.log_lines import print_log
from ocim.console.progress import cancellation_text, follow
from ocim.console.shared_options import (
    INSTANCE,
    add_appserver,
    add_appservers,
    add_instance,
    add_no_wait,
    add_secrets,
    add_yes,
)
from ocim.core.errors import Conflict
from ocim.core.jobs import ActivateJob, DeactivateJob, Payload, TerminateJob
from ocim.core.states import UNFINISHED
from ocim.operations import jobs, spawn
from ocim.store import logs
from ocim.store.models import Job, OpenEdXAppServer, OpenEdXInstance
from ocim.store.selectors import appservers, find_appserver, find_instance
from ocim.tasks import enqueue
from ocim.wiring import context, queue_name


class Command(OcimCommand):
    help = "Create, inspect, activate, deactivate and terminate app servers."
    examples = """examples:
  ocim appserver spawn campus.example.com --activate
  ocim appserver spawn campus.example.com --count 2 --no-wait
  ocim appserver list campus.example.com --terminated
  ocim appserver show 12 --secrets
  ocim appserver activate 12
  ocim appserver activate 12 13 --keep
  ocim appserver deactivate 12
  ocim appserver terminate 11 --yes
  ocim appserver cancel 12
  ocim appserver logs 12 --follow
  ocim appserver shell 12
  ocim appserver shell 12 -- supervisorctl status
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        new = add(
            "spawn",
            self.spawn,
            "Create app servers with the instance's current configuration.",
            json=True,
        )
        add_instance(new)
        new.add_argument(
            "--count",
            type=int,
            metavar="N",
            help="Number of app servers (default: the instance's openedx_appserver_count).",
        )
        new.add_argument(
            "--activate",
            action="store_true",
            help="Send visitors to the new app servers once they are healthy; those that serve now"
            " are retired.",
        )
        new.add_argument(
            "--reason", default="", metavar="TEXT", help="Note to keep with the deployment."
        )
        listing = add("list", self.list, "List app servers.", json=True)
        listing.add_argument(
            "instance",
            nargs="?",
            metavar="INSTANCE",
            help=f"{INSTANCE} Default: all instances.",
        )
        listing.add_argument(
            "--terminated", action="store_true", help="Include terminated app servers."
        )
        show = add(
            "show",
            self.show,
            "Show an app server: its state, its failure, its versions and its preview address.",
            json=True,
        )
        add_secrets(show)
        activate = add(
            "activate",
            self.activate,
            "Send an instance's visitors to these app servers; retire those that serve now.",
        )
        activate.add_argument(
            "--keep", action="store_true", help="Do not retire the app servers that serve now."
        )
        deactivate = add(
            "deactivate",
            self.deactivate,
            "Send no more visitors to app servers; their hosts keep running.",
        )
        terminate = add("terminate", self.terminate, "Destroy app servers and their hosts.")
        for command in (activate, deactivate, terminate):
            add_appservers(command)
        for command in (deactivate, terminate):
            add_yes(command)
        for command in (new, activate, deactivate, terminate):
            add_no_wait(command)
        cancel = add(
            "cancel",
            self.cancel,
            "Stop the running job; the app server is kept and marked as failed.",
        )
        logs = add("logs", self.logs, "Show the log of an app server's provisioning.", json=True)
        logs.add_argument(
            "--follow",
            action="store_true",
            help="Keep printing new lines until the app server is provisioned.",
        )
        shell = add("shell", self.shell, "Open a shell, or run one command, on the host.")
        for command in (show, cancel, logs, shell):
            add_appserver(command)
        shell.add_argument(
            "argv",
            nargs="*",
            metavar="-- COMMAND",
            help="Command to run (default: bash); on hosts of kind docker, `docker` leads further.",
        )

    def spawn(self, options: argparse.Namespace) -> None:
        """Create app servers, and wait until they run."""
        instance = OpenEdXInstance.objects.select_related("ref_set", "database_server").get(
            pk=find_instance(options.instance).pk
        )
        new, job = spawn.request(
            instance=instance,
            queue=queue_name(),
            context=context(),
            count=options.count,
            activate=options.activate,
            reason=options.reason,
        )
        ids = [appserver.pk for appserver in new]
        self.out.say(f"Spawning app server {', '.join(map(str, ids))} of {instance}.")
        self._start(job, options)
        if self.out.as_json:
            print_table(ids, self.out)

    def list(self, options: argparse.Namespace) -> None:
        """Print a table of app servers."""
        instance = find_instance(options.instance).pk if options.instance else None
        listed = appservers(instance)
        if not options.terminated:
            listed = listed.exclude(state="terminated")
        print_table(list(listed.values_list("pk", flat=True)), self.out)

    def show(self, options: argparse.Namespace) -> None:
        """Print an app server's facts."""
        print_facts(find_appserver(options.appserver), self.out, secrets=options.secrets)

    def activate(self, options: argparse.Namespace) -> None:
        """Switch traffic to app servers."""
        self._submit(options, lambda ids: ActivateJob(ids, keep=options.keep))

    def deactivate(self, options: argparse.Namespace) -> None:
        """Stop sending traffic to app servers."""
        self.confirm("Send no more visitors to these app servers?", options.yes)
        self._submit(options, DeactivateJob)

    def terminate(self, options: argparse.Namespace) -> None:
        """Destroy app servers and their hosts."""
        self.confirm("Destroy these app servers with everything on their hosts?", options.yes)
        self._submit(options, TerminateJob)

    def cancel(self, options: argparse.Namespace) -> None:
        """Request the cancellation of every open job of an app server."""
        appserver = find_appserver(options.appserver)
        for job in jobs.cancel_of_appserver(appserver):
            enqueue([jobs.wake_up(job)])
            self.out.say(cancellation_text(job.queue))

    def logs(self, options: argparse.Namespace) -> None:
        """Print the log, and with --follow its new lines as they come."""
        appserver = find_appserver(options.appserver)
        print_log(
            self.out,
            partial(logs.after, appserver.pk),
            lambda: options.follow and _is_unfinished(appserver),
        )

    def shell(self, options: argparse.Namespace) -> None:
        """Replace this process with a shell or a command on the app server's host."""
        appserver = find_appserver(options.appserver)
        server = appserver.server
        if server is None or appserver.state == "terminated":
            raise Conflict(f"App server {appserver.pk} is {appserver.state}: it has no host.")
        provider = context().adapters.providers[server.provider]
        argv = list(provider.command(server.name, options.argv or ["bash"]))
        os.execvp(argv[0], argv)  # noqa: S606

    def _submit(
        self, options: argparse.Namespace, payload: Callable[[tuple[int, ...]], Payload]
    ) -> None:
        chosen = [find_appserver(pk) for pk in options.appservers]
        if len({appserver.instance_id for appserver in chosen}) > 1:
            ids = ", ".join(str(appserver.pk) for appserver in chosen)
            raise Conflict(
                f"App servers {ids} belong to several instances.",
                remedy="Name app servers of one instance at a time.",
            )
        job = jobs.submit(
            target=chosen[0].instance,
            payload=payload(tuple(appserver.pk for appserver in chosen)),
            queue=queue_name(),
        )
        self._start(job, options)
        self.out.say("Requested." if options.no_wait else "Done.")

    def _start(self, job: Job, options: argparse.Namespace) -> None:
        enqueue([jobs.wake_up(job)])
        if not options.no_wait:
            follow(job, self.out)


def _is_unfinished(appserver: OpenEdXAppServer) -> bool:
    """Return True if the app server is still being provisioned, as the database has it now."""
    return appservers().filter(pk=appserver.pk, state__in=UNFINISHED).exists()
