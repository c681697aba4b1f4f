"""`ocim instance`: instances, their settings and their holds."""

import argparse
from datetime import date
from pathlib import Path

from django.core.management.base import CommandParser

from ocim.catalog.tutor import operators
from ocim.console.arguments import assignments
from ocim.console.command import OcimCommand
from ocim.console.options import interleave
from ocim.console.progress import follow
from ocim.console.shared_options import add_instance, add_secrets, add_yes
from ocim.core.jobs import ArchiveJob
from ocim.core.names import contact_address
from ocim.operations import adoption, clones, holds, instances, jobs, maintenance
from ocim.operations.effective import effective_variables
from ocim.operations.instance_settings import (
    DATABASE_SERVER,
    EXTRA_SETTINGS,
    OF_REFERENCE,
    SETTABLE,
    uploads_of,
    with_defaults,
)
from ocim.operations.maintenance import DEFAULT_MESSAGE
from ocim.parsing.extra_settings import warnings_of
from ocim.presentation.instance_fields import HELP
from ocim.presentation.instances import COLUMNS, facts, row
from ocim.store.models import OpenEdXInstance
from ocim.store.selectors import find_instance
from ocim.store.selectors import instances as fleet
from ocim.tasks import enqueue
from ocim.wiring import context, current_time, instance_defaults, queue_name


def day(text: str) -> date:
    """Read a date; argparse names this function in its message: "invalid day value"."""
    return date.fromisoformat(text)


class Command(OcimCommand):
    help = "Create, inspect, change, hold, archive and delete instances."
    examples = """examples:
  ocim instance create campus.example.com name="My Campus" email=it@example.com
  ocim instance set campus.example.com configuration_extra_settings=@extra.yml
  ocim instance clone campus.example.com staging.example.com --data
  ocim instance adopt /home/tutor/.local/share/tutor
  ocim instance list --json
  ocim instance show campus.example.com
  ocim instance hold campus.example.com --reason exams --until 2026-06-12
  ocim instance release campus.example.com
  ocim instance maintenance campus.example.com on --message "Back at 9 o'clock."
  ocim instance maintenance campus.example.com off
  ocim instance archive campus.example.com
  ocim instance unarchive campus.example.com
  ocim instance delete campus.example.com
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        create = add("create", self.create, "Create an instance.", json=True)
        create.add_argument(
            "domain",
            metavar="DOMAIN",
            help="Host name of the LMS; the other host names are derived from it.",
        )
        create.add_argument(
            "--database-server",
            default="",
            metavar="NAME",
            help=HELP["database_server"],
        )
        interleave(create)
        clone = add(
            "clone", self.clone, "Create an instance with the settings of another one.", json=True
        )
        add_instance(clone)
        clone.add_argument("domain", metavar="DOMAIN", help="Host name of the clone's LMS.")
        clone.add_argument(
            "--name", default="", metavar="TEXT", help="Name of the clone (default: its domain)."
        )
        clone.add_argument(
            "--email",
            default="",
            metavar="ADDRESS",
            help="Sender address of the clone's mail (default: contact@DOMAIN).",
        )
        clone.add_argument(
            "--data", action="store_true", help="Copy the databases, too (default: settings only)."
        )
        adopt = add(
            "adopt",
            self.adopt,
            "Create an instance of a site that Tutor runs already, beside it.",
            json=True,
        )
        adopt.add_argument(
            "root",
            type=Path,
            metavar="ROOT",
            help="Tutor's root directory, with config.yml; nothing in it changes.",
        )
        listing = add("list", self.list, "List instances and their states.", json=True)
        listing.add_argument("--archived", action="store_true", help="Include archived instances.")
        show = add(
            "show", self.show, "Show an instance: its settings, app servers and jobs.", json=True
        )
        add_secrets(show)
        change = add(
            "set", self.set, "Change an instance's settings, for new app servers.", json=True
        )
        archive = add(
            "archive",
            self.archive,
            "Take an instance off the web and destroy its app servers; its data is kept.",
        )
        add_yes(archive)
        unarchive = add(
            "unarchive",
            self.unarchive,
            "Restore an archived instance; it needs a new app server to serve again.",
        )
        hold = add("hold", self.hold, "Exclude an instance from rollouts for a time.")
        hold.add_argument(
            "--reason", required=True, metavar="TEXT", help="Reason, shown to other operators."
        )
        hold.add_argument(
            "--from",
            type=day,
            metavar="YYYY-MM-DD",
            dest="since",
            help="First day of the hold, in the instance's time zone (default: now).",
        )
        hold.add_argument(
            "--until",
            type=day,
            metavar="YYYY-MM-DD",
            help="Last day of the hold, in the instance's time zone (default: until `release`).",
        )
        maintenance = add(
            "maintenance", self.maintenance, "Show visitors a maintenance page instead of the site."
        )
        release = add(
            "release", self.release, "Remove the hold, so that rollouts include it again."
        )
        delete = add(
            "delete", self.delete, "Delete an archived instance and its databases for good."
        )
        delete.add_argument(
            "--name", help="The instance's name; confirms the deletion without a question."
        )
        for command in (show, change, archive, unarchive, hold, maintenance, release, delete):
            add_instance(command)
        maintenance.add_argument("switch", choices=("on", "off"), help="Show the page, or end it.")
        maintenance.add_argument(
            "--message",
            default="",
            metavar="TEXT",
            help=f"Text of the page (default: {DEFAULT_MESSAGE}).",
        )
        for command in (create, change):
            command.add_argument(
                "assignments",
                nargs="+" if command is change else "*",
                metavar="FIELD=VALUE",
                help="Setting to change; @FILE as the value stands for the content of a file."
                " Fields: " + ", ".join((*SETTABLE, *OF_REFERENCE, "tags")) + ".",
            )

    def create(self, options: argparse.Namespace) -> None:
        """Create an instance with the given settings and the defaults."""
        fields = {"internal_lms_domain": options.domain, **assignments(options.assignments)}
        if options.database_server:
            fields[DATABASE_SERVER] = options.database_server
        instance, actions = instances.create(
            fields=with_defaults(fields, instance_defaults(), context()), context=context()
        )
        enqueue(actions)
        self._warn(instance)
        self.out.say(f"Created {instance}. Next: ocim appserver spawn {instance.pk} --activate")
        self._show(instance, only_for_scripts=True)

    def clone(self, options: argparse.Namespace) -> None:
        """Create a clone, and copy the databases if that is wanted."""
        source = find_instance(options.instance)
        clone, job, actions = clones.request(
            source=source,
            domain=options.domain,
            name=options.name or options.domain,
            email=options.email or contact_address(options.domain),
            with_data=options.data,
            queue=queue_name(),
            context=context(),
        )
        enqueue(actions)
        self.out.say(f"Created {clone}, with the settings of {source}.")
        for line in clones.warnings(clone, source, context()):
            self.out.say(f"Warning: {line}", style="yellow")
        if job:
            follow(job, self.out)
            self.out.say("Copied the databases. Uploads are not copied.")
        self.out.say(f"Next: ocim appserver spawn {clone.pk} --activate")
        self._show(clone, only_for_scripts=True)

    def adopt(self, options: argparse.Namespace) -> None:
        """Adopt a site, and say what the instance does not take over."""
        root = options.root.resolve()
        adopted, actions = adoption.adopt(
            root=root, defaults=instance_defaults(), context=context()
        )
        enqueue(actions)
        instance, site = adopted.instance, adopted.site
        self.out.say(f"Created {instance}, which has the site's data. The site is as it was.")
        for name, reason in site.left.items():
            self.out.say(f"Not taken over: {name} ({reason}).")
        for text in adopted.warnings:
            self.out.say(f"Warning: {text}", style="yellow")
        for name, text, _ in operators.warnings(site.settings, site.major):
            self.out.say(f"Warning: {name} {text}", style="yellow")
        places = "; ".join(uploads_of(instance, context().policy))
        self.out.say(f"Copy the uploads in {root}/data to their new places: {places}")
        self.out.say(f"Next: ocim appserver spawn {instance.pk}")
        self._show(instance, only_for_scripts=True)

    def list(self, options: argparse.Namespace) -> None:
        """Print a table of instances."""
        now = current_time()
        rows = [row(instance, now) for instance in fleet(archived=options.archived)]
        self.out.rows(COLUMNS, [tuple(row.values()) for row in rows])

    def show(self, options: argparse.Namespace) -> None:
        """Print an instance's facts."""
        self._show(find_instance(options.instance), secrets=options.secrets)

    def set(self, options: argparse.Namespace) -> None:
        """Change settings, which new app servers will have."""
        changes = assignments(options.assignments)
        instance, actions = instances.change(
            instance_id=find_instance(options.instance).pk, changes=changes, context=context()
        )
        enqueue(actions)
        if EXTRA_SETTINGS in changes:
            self._warn(instance)
        self.out.say(
            "Changed. Existing app servers keep their settings; spawn a new one to use the change."
        )
        self._show(instance, only_for_scripts=True)

    def _warn(self, instance: OpenEdXInstance) -> None:
        values = effective_variables(instance, context().policy).values
        for line in warnings_of(instance.configuration_extra_settings, values=values):
            self.out.say(f"Warning: {line}", style="yellow")

    def archive(self, options: argparse.Namespace) -> None:
        """Archive an instance, after a confirmation."""
        instance = find_instance(options.instance)
        self.confirm(f"Take {instance} off the web and destroy its app servers?", options.yes)
        job = jobs.submit(target=instance, payload=ArchiveJob(), queue=queue_name())
        enqueue([jobs.wake_up(job)])
        follow(job, self.out)
        self.out.say(f"Archived {instance}. Its data is kept.")

    def unarchive(self, options: argparse.Namespace) -> None:
        """Restore an archived instance."""
        instance = find_instance(options.instance)
        enqueue(instances.unarchive(instance_id=instance.pk))
        self.out.say(f"Unarchived {instance}. Next: ocim appserver spawn {instance.pk} --activate")

    def hold(self, options: argparse.Namespace) -> None:
        """Hold an instance, and print from when to when."""
        instance = find_instance(options.instance)
        holds.hold(
            instance.pk,
            reason=options.reason,
            since=options.since,
            until=options.until,
            context=context(),
        )
        instance.ref_set.refresh_from_db()
        self.out.say(f"Held: {instance.hold.coming_or_on(current_time())}")

    def maintenance(self, options: argparse.Namespace) -> None:
        """Begin or end an instance's maintenance."""
        instance = find_instance(options.instance)
        if options.switch == "on":
            enqueue(maintenance.begin(instance.pk, message=options.message))
            self.out.say(f"Visitors of {instance} see the maintenance page.")
        else:
            enqueue(maintenance.end(instance.pk))
            self.out.say(f"The maintenance of {instance} is over.")

    def release(self, options: argparse.Namespace) -> None:
        """Remove an instance's hold."""
        instance = find_instance(options.instance)
        enqueue(holds.release(instance.pk))
        self.out.say(
            f"Released {instance}. If a rollout paused because of the hold, go on with:"
            " ocim rollout resume ID"
        )

    def delete(self, options: argparse.Namespace) -> None:
        """Delete an archived instance, if its name is typed."""
        instance = find_instance(options.instance)
        name = options.name or self.ask(
            f"This deletes {instance} and its databases for good. Type its name to confirm: ",
            option="--name",
        )
        instances.require_name(instance, name)
        enqueue(instances.delete(instance_id=instance.pk, context=context()))
        self.out.say(f"Deleted {instance}.")

    def _show(
        self, instance: OpenEdXInstance, *, only_for_scripts: bool = False, secrets: bool = False
    ) -> None:
        """Print the instance's facts; with `only_for_scripts`, only if JSON is asked for."""
        if only_for_scripts and not self.out.as_json:
            return
        shown = facts(instance.pk, secrets=secrets)
        self.out.facts(shown if self.out.as_json else {k: v for k, v in shown.items() if v})
