"""`ocim shared-settings`: variables that all instances share, or those of an organization."""

import argparse
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.shared_options import INSTANCE, add_organization, add_secrets, add_yes
from ocim.core.access import EVERYTHING
from ocim.core.errors import OcimError, ValidationError
from ocim.core.texts import plural
from ocim.operations import shared_settings
from ocim.operations.instance_settings import without_secrets
from ocim.parsing.arguments import text_of_argument
from ocim.parsing.extra_settings import SHARED
from ocim.presentation.variables import in_words
from ocim.store.selectors import find_instance
from ocim.wiring import context


class Command(OcimCommand):
    help = "Show and change the variables that all instances share, or those of an organization."
    examples = """examples:
  ocim shared-settings list
  ocim shared-settings show
  ocim shared-settings show --organization Campus --json
  ocim shared-settings set @shared.yml --instance campus.example.com --dry-run
  ocim shared-settings set 'EDXAPP_TIME_ZONE: Europe/Berlin' --organization Campus
  EDITOR=nano ocim shared-settings edit

They override what Ocim generates. Those of an organization override those of the fleet, and an
instance's configuration_extra_settings override both. App servers keep what they were created with.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        add("list", self.list, "List who shares settings, and when they changed.", json=True)
        show = add("show", self.show, "Show settings, with secrets masked.", json=True)
        add_secrets(show)
        change = add("set", self.set, "Replace settings, after a look at what changes.")
        change.add_argument(
            "text", metavar="YAML", help="All of the new settings, or @FILE; '' removes them."
        )
        edit = add("edit", self.edit, "Change settings with the program that EDITOR names.")
        for command in (show, change, edit):
            add_organization(command)
        for command in (change, edit):
            command.add_argument(
                "--instance",
                metavar="INSTANCE",
                help=f"{INSTANCE} Shows what changes for it (default: the first by name).",
            )
            command.add_argument(
                "--dry-run", action="store_true", help="Show what changes, and save nothing."
            )
            add_yes(command)

    def list(self, options: argparse.Namespace) -> None:
        """Print a table of the settings that exist."""
        rows = map(shared_settings.read, shared_settings.visible(EVERYTHING))
        self.out.rows(
            ("organization", "instances", "changes", "changed", "by"),
            [
                (
                    str(row),
                    shared_settings.sharing(row.organization).count(),
                    row.version,
                    row.changed_at and row.changed_at.isoformat(timespec="seconds"),
                    row.changed_by,
                )
                for row in rows
            ],
        )

    def show(self, options: argparse.Namespace) -> None:
        """Print the settings."""
        row = shared_settings.read(options.organization)
        text = row.text if options.secrets else without_secrets(row.text, where=SHARED)
        if self.out.as_json:
            self.out.data({"organization": row.organization, "version": row.version, "text": text})
        else:
            self.out.say(text.rstrip("\n") or "No settings.")

    def set(self, options: argparse.Namespace) -> None:
        """Replace the settings, after a confirmation."""
        text, where = text_of_argument(options.text, option="YAML")
        try:
            self._change(options, text, version=None)
        except ValidationError as error:
            faults = [fault.replace(SHARED, where, 1) for fault in error.faults]
            raise ValidationError(faults, remedy=error.remedy) from None

    def edit(self, options: argparse.Namespace) -> None:
        """Let the user edit the settings until they have no faults, or do not change any more."""
        row = shared_settings.read(options.organization)
        text, edited = row.text, _edited(row.text)
        while edited != text:
            text = edited
            try:
                self._change(options, text, version=row.version)
            except ValidationError as error:
                for fault in error.faults:
                    self.out.say(fault, style="red")
                edited = _edited(text)
                if edited == text:
                    raise
        if text == row.text:
            self.out.say("Nothing is changed.")

    def _change(self, options: argparse.Namespace, text: str, *, version: int | None) -> None:
        instance = find_instance(options.instance).pk if options.instance else None
        effect = shared_settings.preview(
            organization=options.organization, text=text, instance_id=instance, context=context()
        )
        for line in effect.warnings:
            self.out.say(f"Warning: {line}", style="yellow")
        if not effect.names:
            self.out.say("No variable changes.")
        elif effect.instance:
            self.out.say(f"Changes for {effect.instance}:")
            for change in effect.variables:
                self.out.say(f"  {in_words(change)}")
        concerned = f"{effect.affected} of {plural(effect.examined, 'instance')}"
        if effect.examined != effect.total:
            concerned += f" looked at, of {effect.total}"
        if options.dry_run:
            self.out.say(f"It would change variables of {concerned}. Nothing is saved.")
            return
        self.confirm(f"Save it? It changes variables of {concerned}.", options.yes)
        shared_settings.change(
            organization=options.organization, text=text, version=version, context=context()
        )
        self.out.say("Saved. Existing app servers keep their variables; new ones have these.")


def _edited(text: str) -> str:
    """Return the text as the user's editor left it. Raise OcimError if there is no editor."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    # Only the owner may read the directory: the text may hold secrets.
    with tempfile.TemporaryDirectory(prefix="ocim-settings-") as directory:
        path = Path(directory) / "shared_settings.yml"
        path.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(editor), str(path)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise OcimError(
                f"The editor {editor!r} failed: {error}.", remedy="Set EDITOR to another one."
            ) from error
        return path.read_text(encoding="utf-8")
