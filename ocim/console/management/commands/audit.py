"""`ocim audit`: who changed what, from where."""

import argparse

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.shared_options import INSTANCE, add_json
from ocim.core.audit import AuditFilter
from ocim.presentation.audit import COLUMNS, cells, csv_lines, summary
from ocim.store import audit
from ocim.store.models import AuditEntry
from ocim.store.selectors import find_instance

LIMIT = 50


class Command(OcimCommand):
    help = "List who changed what, from where, newest first."
    examples = """examples:
  ocim audit
  ocim audit --since 2026-05-04 --actor mira
  ocim audit --action rollout --json
  ocim audit --instance campus.example.com --limit 0 --csv > history.csv
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--since", default="", metavar="TIME", help="First time, in UTC: 2026-05-04T12:00."
        )
        parser.add_argument(
            "--until", default="", metavar="TIME", help="Time before which the entries are."
        )
        parser.add_argument(
            "--actor", default="", help="Name of an account or of an operating system's user."
        )
        parser.add_argument(
            "--action", default="", help="Action, or its first part: instance.change, rollout."
        )
        parser.add_argument(
            "--target", default="", help="Part of a target's name, or its kind and id: rollout:12."
        )
        parser.add_argument("--instance", default="", help=INSTANCE)
        parser.add_argument(
            "--limit",
            type=int,
            default=LIMIT,
            metavar="N",
            help=f"Maximum number of entries (default: {LIMIT}; 0: all).",
        )
        form = parser.add_mutually_exclusive_group()
        add_json(form)
        form.add_argument("--csv", action="store_true", help="Print CSV.")
        parser.set_defaults(run=self.show)

    def show(self, options: argparse.Namespace) -> None:
        """Print the entries as they are read."""
        texts = {name: getattr(options, name) for name in ("since", "until", "actor", "action")}
        texts |= {"target": options.target, "instance": self._instance_id(options.instance)}
        entries = audit.filtered(AuditEntry.objects.all(), AuditFilter.parse(texts))
        chosen = audit.each(entries, limit=options.limit if options.limit > 0 else None)
        if options.csv:
            for line in csv_lines(chosen):
                self.out.document(line)
        elif options.json:
            for entry in chosen:
                self.out.line(audit.facts(entry))
        elif options.limit > 0:
            self.out.rows(COLUMNS, [(*cells(entry), summary(entry)) for entry in chosen])
        else:
            for entry in chosen:
                self.out.say("  ".join(filter(None, (*cells(entry), summary(entry)))))

    def _instance_id(self, text: str) -> str:
        """Return the id of the instance; a deleted one has nothing but its id."""
        if not text or text.isdecimal():
            return text
        return str(find_instance(text).pk)
