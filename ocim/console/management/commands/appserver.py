"""`ocim appserver`: the servers that serve an instance, or will, or did."""

import argparse
import os
import time
from collections.abc import Sequence

from django.core.management.base import CommandParser

from ocim.catalog.secrets.masking import mask_text, masked_place
from ocim.console.command import OcimCommand
from ocim.console.progress import follow
from ocim.core.errors import Conflict
from ocim.core.secrets import without_credentials
from ocim.core.states import UNFINISHED
from ocim.operations import jobs, spawn
from ocim.operations.instances import preview_password
from ocim.store.models import Job, LogEntry, OpenEdXAppServer, OpenEdXInstance
from ocim.store.routing import PREVIEW_USER, preview_domain
from ocim.store.selectors import appservers, find_appserver, find_instance, log_after, open_jobs
from ocim.tasks import enqueue
from ocim.wiring import context, queue_name


class Command(OcimCommand):
    help = "Spawn, look at, activate, deactivate and terminate app servers."
    examples = """examples:
  ocim appserver spawn campus.example.com --activate
  ocim appserver logs 12 --follow
  ocim appserver shell 12
  ocim appserver shell 12 -- supervisorctl status
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add = self.subcommands(parser)
        new = add(
            "spawn", self.spawn, "make new ones with the configuration as it is now", json=True
        )
        new.add_argument("instance", help="its id, its domain, or its name")
        new.add_argument(
            "--count", type=int, help="default: the instance's openedx_appserver_count"
        )
        new.add_argument("--activate", action="store_true", help="once they are healthy")
        new.add_argument("--reason", default="", help="kept with the deployment")
        listed = add("list", self.list, "all that are not terminated", json=True)
        listed.add_argument("instance", nargs="?", help="of one instance only")
        listed.add_argument("--terminated", action="store_true", help="terminated ones, too")
        show = add("show", self.show, "state, failure, how to open it", json=True)
        show.add_argument("--secrets", action="store_true", help="show the preview password")
        on = add("activate", self.activate, "let them serve, instead of those that do now")
        on.add_argument("--keep", action="store_true", help="those that serve now go on, too")
        off = add("deactivate", self.deactivate, "take them out of the balancer; they stay up")
        end = add("terminate", self.terminate, "take them away with their hosts")
        for command in (on, off, end):
            command.add_argument("appservers", nargs="+", type=int, metavar="ID")
        for command in (off, end):
            command.add_argument("--yes", action="store_true", help="do not ask")
        for command in (new, on, off, end):
            command.add_argument("--no-wait", action="store_true", help="return at once")
        cancel = add("cancel", self.cancel, "end what is being done with it; it is kept, as failed")
        logs = add("logs", self.logs, "what was logged while it was made", json=True)
        logs.add_argument("--follow", action="store_true", help="and what comes, until it is made")
        shell = add("shell", self.shell, "a shell, or one command, on its host")
        for command in (show, cancel, logs, shell):
            command.add_argument("appserver", type=int, metavar="ID")
        shell.add_argument("argv", nargs="*", metavar="-- COMMAND", help="default: bash")

    def spawn(self, given: argparse.Namespace) -> None:
        instance = OpenEdXInstance.objects.select_related("ref_set", "database_server").get(
            pk=find_instance(given.instance).pk
        )
        made, job = spawn.request(
            instance=instance,
            queue=queue_name(),
            context=context(),
            count=given.count,
            activate=given.activate,
            reason=given.reason,
        )
        self.out.say(f"Spawning app server {', '.join(str(one.pk) for one in made)} of {instance}.")
        self._start(job, given)
        if self.out.as_json:
            self._rows([one.pk for one in made])

    def list(self, given: argparse.Namespace) -> None:
        instance = find_instance(given.instance).pk if given.instance else None
        found = appservers(instance)
        if not given.terminated:
            found = found.exclude(state="terminated")
        self._rows(list(found.values_list("pk", flat=True)))

    def show(self, given: argparse.Namespace) -> None:
        one = find_appserver(given.appserver)
        where = without_credentials(one.configuration_source_repo_url)
        facts: dict[str, object] = {
            "id": one.pk,
            "instance": str(one.instance),
            "state": one.state,
            "active": one.is_active,
            "failure": mask_text(one.failure),
            "host": one.server
            and f"{one.server.name} at {one.server.address} ({one.server.provider})",
            "openedx_release": one.openedx_release,
            "edx_platform_commit": one.edx_platform_commit,
            "configuration": f"{where} {one.configuration_version}",
            "configuration_commit": one.configuration_commit,
            "image": one.image,
            "created": one.created.isoformat(timespec="seconds"),
            "active since": one.active_since and one.active_since.isoformat(timespec="seconds"),
            **_health(one),
            "evidence": masked_place("", one.evidence),
        }
        if one.state == "running" and not one.is_active:
            instance = OpenEdXInstance.objects.get(pk=one.instance_id)
            port = context().policy.https_port
            facts["preview"] = f"https://{preview_domain(one.pk, instance)}:{port}/"
            password = preview_password(instance)
            shown = password.reveal() if given.secrets else f"{password} (--secrets shows it)"
            facts["preview login"] = f"{PREVIEW_USER} / {shown}"
        self.out.facts(facts if self.out.as_json else {k: v for k, v in facts.items() if v})

    def activate(self, given: argparse.Namespace) -> None:
        self._submit("activate", given, keep=given.keep)

    def deactivate(self, given: argparse.Namespace) -> None:
        self.confirm("Take them out of the balancer?", given.yes)
        self._submit("deactivate", given)

    def terminate(self, given: argparse.Namespace) -> None:
        self.confirm("Take them away with all that is on their hosts?", given.yes)
        self._submit("terminate", given)

    def cancel(self, given: argparse.Namespace) -> None:
        one = find_appserver(given.appserver)
        found = [
            job
            for job in open_jobs(one.instance_id)
            if one.pk in job.arguments.get("appservers", [])
        ]
        if not found:
            raise Conflict(f"Nothing is being done with app server {one.pk}.")
        for job in found:
            jobs.cancel(job_id=job.pk)
            enqueue([jobs.wake_up(job)])
        self.out.say("Asked for; it ends within seconds.")

    def logs(self, given: argparse.Namespace) -> None:
        one = find_appserver(given.appserver)
        last = 0
        while True:
            unfinished = _unfinished(one)
            while lines := log_after(one.pk, last):
                last = lines[-1].pk
                self._lines(lines)
            if not (given.follow and unfinished):
                return
            time.sleep(0.3)

    def shell(self, given: argparse.Namespace) -> None:
        one = find_appserver(given.appserver)
        if one.server is None or one.state == "terminated":
            raise Conflict(f"App server {one.pk} has no host.")
        provider = context().adapters.providers[one.server.provider]
        argv = list(provider.command(one.server.name, given.argv or ["bash"]))
        os.execvp(argv[0], argv)  # noqa: S606

    def _submit(self, kind: str, given: argparse.Namespace, **more: object) -> None:
        chosen = [find_appserver(pk) for pk in given.appservers]
        if len({one.instance_id for one in chosen}) > 1:
            raise Conflict("These belong to several instances.", remedy="Name those of one.")
        job = jobs.submit(
            instance_id=chosen[0].instance_id,
            kind=kind,
            queue=queue_name(),
            arguments={"appservers": [one.pk for one in chosen], **more},
        )
        self._start(job, given)
        self.out.say("Asked for." if given.no_wait else "Done.")

    def _start(self, job: Job, given: argparse.Namespace) -> None:
        enqueue([jobs.wake_up(job)])
        if not given.no_wait:
            follow(job, self.out)

    def _rows(self, ids: Sequence[int]) -> None:
        self.out.rows(
            ("id", "instance", "state", "active", "release", "host", "failure"),
            [
                (one.pk, one.instance.internal_lms_domain, one.state, one.is_active,
                 one.openedx_release, one.server.address if one.server else "",
                 mask_text(one.failure).split("\n")[0][:100])
                for one in appservers().filter(pk__in=ids)
            ],
        )  # fmt: skip

    def _lines(self, lines: Sequence[LogEntry]) -> None:
        for line in lines:
            if self.out.as_json:
                fields = ("time", "level", "task", "status", "seconds", "text")
                self.out.line(masked_place("", {name: getattr(line, name) for name in fields}))
            else:
                took = f" ({line.seconds:.1f} s)" if line.seconds else ""
                style = {"error": "red", "warning": "yellow", "debug": "dim"}.get(line.level, "")
                self.out.say(f"{line.time:%H:%M:%S} {mask_text(line.text)}{took}", style=style)


def _unfinished(appserver: OpenEdXAppServer) -> bool:
    return appservers().filter(pk=appserver.pk, state__in=UNFINISHED).exists()


def _health(appserver: OpenEdXAppServer) -> dict[str, object]:
    """Return what the last look at it found; empty where it does not serve."""
    if not appserver.is_active:
        return {}
    well, ill = appserver.healthy_since, appserver.unhealthy_since
    return {
        "well since": well and well.isoformat(timespec="seconds"),
        "not well since": ill and ill.isoformat(timespec="seconds"),
        "not well": appserver.unhealthy_reason,
    }
