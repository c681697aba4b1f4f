"""`ocim config`: the variables of app servers, and the layer that each value comes from."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from ocim.console.arguments import source_argument
from ocim.console.command import OcimCommand
from ocim.console.shared_options import INSTANCE, add_secrets
from ocim.core.errors import Conflict, ValidationError
from ocim.core.places import bundled
from ocim.core.provisioning import ConfigurationSource
from ocim.core.secrets import masked, revealed, without_credentials
from ocim.core.variables import Effective, dotted
from ocim.operations.effective import deserialize, effective_variables
from ocim.operations.lint import lint
from ocim.parsing.arguments import text_of_argument
from ocim.parsing.extra_settings import WHERE, check_extra_settings, warnings_of
from ocim.presentation.configuration import Change, changes, one_line
from ocim.store.models import OpenEdXAppServer, OpenEdXInstance
from ocim.store.selectors import appservers, find_appserver, find_instance
from ocim.wiring import context

APPSERVER = "appserver:"
STYLES = {"added": "green", "removed": "red", "changed": "yellow"}


class Command(OcimCommand):
    help = "Show, compare and check the variables of app servers."
    trouble = 2  # as with diff(1), where 1 means that there are differences
    examples = """examples:
  ocim config show campus.example.com
  ocim config show campus.example.com --layer configuration_extra_settings
  ocim config show --appserver 12 --json
  ocim config diff campus.example.com                what a new app server changes
  ocim config diff appserver:12 appserver:14
  ocim config diff campus.example.com other.example.com
  ocim config lint extra.yml                         before you set it
  ocim config lint campus.example.com                which variables the playbooks act on
  ocim config lint campus.example.com --against ~/configuration
  ocim config lint campus.example.com --against https://github.com/openedx/configuration@master

exit status of `diff`: 0 both are the same, 1 they differ; of `lint`: 0 no findings, 1 findings;
of all: 2 failure
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        show = add(
            "show",
            self.show,
            "Show every variable, its value and the layer it comes from.",
            json=True,
        )
        subject = show.add_mutually_exclusive_group(required=True)
        subject.add_argument(
            "instance",
            nargs="?",
            metavar="INSTANCE",
            help=f"{INSTANCE} Shows the variables that its next app server would get.",
        )
        subject.add_argument(
            "--appserver",
            type=int,
            metavar="ID",
            help="Id of an app server; shows the variables that it was created with.",
        )
        show.add_argument(
            "--layer", metavar="NAME", help="Show one layer's variables (default: all layers)."
        )
        add_secrets(show)
        diff = add(
            "diff", self.diff, "Compare the variables of two app servers or instances.", json=True
        )
        side = "An instance (as its next app server would be), or appserver:ID."
        diff.add_argument("old", metavar="A", help=side)
        diff.add_argument(
            "new",
            metavar="B",
            nargs="?",
            help=f"{side} Without B, what serves A now is compared with A's next app server.",
        )
        lint = add(
            "lint",
            self.lint,
            f"Check a file of {WHERE}, or an instance's variables against a repository.",
            json=True,
        )
        lint.add_argument("subject", metavar="FILE|INSTANCE", help="YAML file, or an instance.")
        lint.add_argument(
            "--against",
            metavar="DIRECTORY|URL[@VERSION]",
            default=str(bundled("playbooks")),
            help="Configuration repository: a directory, or a URL with a version (default version:"
            " the instance's; default repository: the built-in playbooks).",
        )

    def show(self, options: argparse.Namespace) -> None:
        """Print variables. Raise Conflict if there is no such layer."""
        if options.appserver is None:
            variables = _of_new(find_instance(options.instance).pk)
        else:
            variables = deserialize(find_appserver(options.appserver))
        if options.layer not in (None, *variables.layers):
            layers = ", ".join(variables.layers)
            raise Conflict(f"--layer: no layer {options.layer!r}.", remedy=f"Layers: {layers}.")
        leaves = [leaf for leaf in variables.leaves if options.layer in (None, leaf.layer)]
        show: Callable[[Any], Any] = revealed if options.secrets else masked
        if self.out.as_json:
            self.out.data(
                [
                    {"path": list(leaf.path), "value": show(leaf.value), "layer": leaf.layer}
                    for leaf in leaves
                ]
            )
        else:
            self.out.rows(
                ("variable", "value", "layer"),
                [(dotted(leaf.path), one_line(show(leaf.value)), leaf.layer) for leaf in leaves],
            )

    def diff(self, options: argparse.Namespace) -> None:
        """Print the differences; exit with 1 if there are any."""
        if options.new is None:
            old, new = _live_and_new(options.old)
        else:
            old, new = _side(options.old), _side(options.new)
        differing = changes(old, new)
        if self.out.as_json:
            self.out.data([change.as_data() for change in differing])
        for change in differing:
            self._say(change)
        if differing:
            sys.exit(1)

    def lint(self, options: argparse.Namespace) -> None:
        """Check a file or an instance; exit with 1 if there are findings."""
        path = Path(options.subject.removeprefix("@"))
        if path.is_file():
            self._lint_file(path)
        elif _is_instance(options.subject):
            self._lint_instance(options.subject, options.against)
        else:
            raise ValidationError(
                [f"{options.subject!r} is neither a file nor an instance."],
                remedy="`ocim instance list` shows all instances.",
            )

    def _lint_instance(self, name: str, against: str) -> None:
        known = OpenEdXInstance.objects.select_related("ref_set", "database_server")
        instance = known.get(pk=find_instance(name).pk)
        with _files(against, instance) as (where, directory):
            report = lint(instance=instance, directory=directory, policy=context().policy)
        report = replace(report, repository=where)
        if self.out.as_json:
            self.out.data(report.as_data())
        if against != where:  # the version is a default, or may name another commit tomorrow
            self.out.say(f"Against {where}:")
        for path in report.unreadable:
            self.out.say(
                f"Cannot read {path}: variables that it sets may be missing below.", style="yellow"
            )
        for finding in report.worth_saying():
            style = "red" if finding.severity == "error" else "yellow"
            self.out.say(f"{finding.variable} ({finding.layer}) {finding.text}", style=style)
        self._say_warnings(report.warnings)
        if report.worth_saying() or report.warnings:
            sys.exit(1)
        self.out.say(f"No problem found in {len(report.findings)} variables.")

    def _lint_file(self, path: Path) -> None:
        text, where = text_of_argument(f"@{path}", option="FILE")
        faults: list[str] = []
        try:
            check_extra_settings(text)
        except ValidationError as error:
            faults = [fault.replace(WHERE, where, 1) for fault in error.faults]
        warnings = [line.replace(WHERE, where, 1) for line in warnings_of(text)]
        if self.out.as_json:
            self.out.data({"file": where, "faults": faults, "warnings": warnings})
        for fault in faults:
            self.out.say(fault, style="red")
        self._say_warnings(warnings)
        if faults or warnings:
            sys.exit(1)
        self.out.say(f"No problem found in {where}.")

    def _say_warnings(self, warnings: Iterable[str]) -> None:
        for line in warnings:
            self.out.say(f"Warning: {line}", style="yellow")

    def _say(self, change: Change) -> None:
        self.out.say(str(change), style=STYLES[change.kind])


@contextmanager
def _files(against: str, instance: OpenEdXInstance) -> Iterator[tuple[str, Path]]:
    """Yield a configuration repository's name (URL@VERSION, or the directory) and its files."""
    directory = Path(against)
    if directory.exists():
        yield against, directory
        return
    url, version = source_argument(against)
    wanted = ConfigurationSource(
        url, version or instance.configuration_commit, instance.playbook_name
    )
    with context().adapters.configurations.files(wanted) as (exact, directory):
        yield f"{without_credentials(exact.repository_url)}@{exact.version}", directory


def _is_instance(text: str) -> bool:
    try:
        find_instance(text)
    except Conflict:
        return False
    return True


def _side(text: str) -> Effective:
    if text.startswith(APPSERVER):
        return deserialize(_named_appserver(text))
    return _of_new(find_instance(text).pk)


def _live_and_new(text: str) -> tuple[Effective, Effective]:
    """Return the variables of the app server that serves, and those of the next one."""
    live = _named_appserver(text) if text.startswith(APPSERVER) else _live(text)
    return deserialize(live), _of_new(live.instance_id)


def _live(text: str) -> OpenEdXAppServer:
    instance = find_instance(text)
    if appserver := appservers(instance.pk).order_by("-is_active", "-id").first():
        return appserver
    raise Conflict(
        f"{instance} has no app server to compare with.",
        remedy="Name what to compare it with: another instance, or appserver:ID.",
    )


def _named_appserver(text: str) -> OpenEdXAppServer:
    number = text.removeprefix(APPSERVER)
    if not number.isdecimal():
        raise ValidationError(
            [f"{text!r} is not appserver:ID."], remedy="Write it like appserver:12."
        )
    return find_appserver(int(number))


def _of_new(instance_id: int) -> Effective:
    known = OpenEdXInstance.objects.select_related("ref_set", "database_server")
    return effective_variables(known.get(pk=instance_id), context().policy)
