"""`ocim instance`: the fleet, one instance at a time."""

import argparse
from datetime import date

from django.core.management.base import CommandParser

from ocim.catalog.secrets.masking import masked_place
from ocim.console.arguments import assignments
from ocim.console.command import OcimCommand
from ocim.console.progress import follow
from ocim.core.errors import Conflict
from ocim.operations import holds, instances, jobs
from ocim.operations.instance_settings import (
    EXTRA_SETTINGS,
    OF_REFERENCE,
    SETTABLE,
    without_secrets,
)
from ocim.store.models import OpenEdXInstance
from ocim.store.selectors import appservers, find_instance, not_well, open_jobs, status_of
from ocim.store.selectors import instances as fleet
from ocim.tasks import enqueue
from ocim.wiring import context, instance_url, queue_name, with_defaults

NAMED = "its id, its domain, or its name"


def day(text: str) -> date:
    """For argparse, which tells of what it is called with by this name."""
    return date.fromisoformat(text)


class Command(OcimCommand):
    help = "Create, look at, change and retire instances."
    examples = """examples:
  ocim instance create campus.example.com name="My Campus" email=it@example.com
  ocim instance set campus.example.com configuration_extra_settings=@extra.yml
  ocim instance list --json
  ocim instance hold campus.example.com --reason exams --until 2026-06-12
  ocim instance archive campus.example.com
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add = self.subcommands(parser)
        create = add("create", self.create, "write down a new instance", json=True)
        create.add_argument("domain", help="the LMS's host name; the others are derived from it")
        listed = add("list", self.list, "all instances and their state", json=True)
        listed.add_argument("--archived", action="store_true", help="archived ones, too")
        show = add("show", self.show, "all there is to know of one", json=True)
        show.add_argument("--secrets", action="store_true", help="show them, too")
        change = add("set", self.set, "change settings; the next app server has them", json=True)
        archive = add("archive", self.archive, "off the web, app servers gone, data kept")
        archive.add_argument("--yes", action="store_true", help="do not ask")
        unarchive = add("unarchive", self.unarchive, "take it back; then spawn an app server")
        hold = add("hold", self.hold, "keep it from rollouts")
        hold.add_argument("--reason", required=True, help="as it is shown to others")
        hold.add_argument(
            "--from", type=day, metavar="YYYY-MM-DD", dest="since",
            help="the first day, by its own clock; without: at once",
        )  # fmt: skip
        hold.add_argument(
            "--until", type=day, metavar="YYYY-MM-DD",
            help="the last day, by its own clock; without: until it is released",
        )  # fmt: skip
        release = add("release", self.release, "let rollouts have it again")
        delete = add("delete", self.delete, "remove an archived instance with its databases")
        delete.add_argument("--name", help="its name, instead of being asked for it")
        for command in (show, change, archive, unarchive, hold, release, delete):
            command.add_argument("instance", help=NAMED)
        for command in (create, change):
            command.add_argument(
                "assignments",
                nargs="+" if command is change else "*",
                metavar="FIELD=VALUE",
                help="a setting; @FILE stands for a file's content. Fields: "
                + ", ".join((*SETTABLE, *OF_REFERENCE, "tags")),
            )

    def create(self, given: argparse.Namespace) -> None:
        fields = {"internal_lms_domain": given.domain, **assignments(given.assignments)}
        instance, actions = instances.create(fields=with_defaults(fields), context=context())
        enqueue(actions)
        self.out.say(f"Created {instance}. Next: ocim appserver spawn {instance.pk} --activate")
        self._show(instance, only_for_scripts=True)

    def list(self, given: argparse.Namespace) -> None:
        now = context().now()
        self.out.rows(
            ("id", "name", "domain", "state", "active", "release", "held"),
            [
                (one.pk, one.name, one.internal_lms_domain, status_of(one), one.active_count,  # type: ignore[attr-defined]
                 one.openedx_release, one.hold.coming_or_on(now))
                for one in fleet(archived=given.archived)
            ],
        )  # fmt: skip

    def show(self, given: argparse.Namespace) -> None:
        self._show(find_instance(given.instance), secrets=given.secrets)

    def set(self, given: argparse.Namespace) -> None:
        instance, actions = instances.change(
            instance_id=find_instance(given.instance).pk,
            changes=assignments(given.assignments),
            context=context(),
        )
        enqueue(actions)
        self.out.say("Changed. App servers that run keep what they have; spawn one to use it.")
        self._show(instance, only_for_scripts=True)

    def archive(self, given: argparse.Namespace) -> None:
        instance = find_instance(given.instance)
        self.confirm(f"Take {instance} off the web and its app servers away?", given.yes)
        job = jobs.submit(instance_id=instance.pk, kind="archive", queue=queue_name())
        enqueue([jobs.wake_up(job)])
        follow(job, self.out)
        self.out.say(f"Archived {instance}. Its data is kept.")

    def unarchive(self, given: argparse.Namespace) -> None:
        instance = find_instance(given.instance)
        enqueue(instances.unarchive(instance_id=instance.pk))
        self.out.say(f"Unarchived. Next: ocim appserver spawn {instance.pk} --activate")

    def hold(self, given: argparse.Namespace) -> None:
        instance = find_instance(given.instance)
        holds.hold(
            instance.pk,
            reason=given.reason,
            since=given.since,
            until=given.until,
            context=context(),
        )
        instance.ref_set.refresh_from_db()
        self.out.say(f"Held: {instance.hold.coming_or_on(context().now())}")

    def release(self, given: argparse.Namespace) -> None:
        instance = find_instance(given.instance)
        enqueue(holds.release(instance.pk))
        self.out.say("Released. A rollout that was paused for it: ocim rollout resume ID")

    def delete(self, given: argparse.Namespace) -> None:
        instance = find_instance(given.instance)
        name = given.name or self.ask(
            f"This removes {instance} and its databases for good. Type its name to go on: ",
            option="--name",
        )
        if name != instance.name:
            raise Conflict(f"{name!r} is not its name: nothing was removed.")
        enqueue(instances.delete(instance_id=instance.pk, context=context()))
        self.out.say(f"Deleted {instance}.")

    def _show(
        self, instance: OpenEdXInstance, *, only_for_scripts: bool = False, secrets: bool = False
    ) -> None:
        if only_for_scripts and not self.out.as_json:
            return
        found = find_instance(str(instance.pk))
        full = OpenEdXInstance.objects.select_related("ref_set", "database_server").get(pk=found.pk)
        facts: dict[str, object] = {
            "id": full.pk,
            "state": status_of(found),
            "held": full.hold.coming_or_on(context().now()),
            "url": instance_url(full),
            **{name: getattr(full, name) for name in SETTABLE},
            "tags": list(full.tags.values_list("name", flat=True)),
            "organization": full.ref_set.organization,
            "notes": full.ref_set.notes,
            "created": full.ref_set.created.isoformat(timespec="seconds"),
            "database_name": full.database_name,
            "appservers": [f"{one.pk} ({one.state})" for one in appservers(full.pk)[:10]],
            "not well": not_well(full.pk),
            "in work": [str(job) for job in open_jobs(full.pk)],
        }
        if not secrets:
            facts = masked_place("", facts)
            facts[EXTRA_SETTINGS] = without_secrets(full.configuration_extra_settings)
        self.out.facts(facts if self.out.as_json else {k: v for k, v in facts.items() if v})
