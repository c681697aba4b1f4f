"""`ocim config`: what an app server is configured with, and where each value comes from."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from ocim.console.arguments import source_argument
from ocim.console.command import OcimCommand
from ocim.console.variables import Change, changes, one_line
from ocim.core.errors import Conflict, ValidationError
from ocim.core.provisioning import ConfigurationSource
from ocim.core.secrets import masked, revealed, without_credentials
from ocim.core.variables import Effective
from ocim.operations.effective import deserialize, effective_variables
from ocim.operations.lint import lint
from ocim.parsing.arguments import text_of_argument
from ocim.parsing.extra_settings import WHERE, check_extra_settings
from ocim.store.models import OpenEdXAppServer, OpenEdXInstance
from ocim.store.selectors import appservers, find_appserver, find_instance
from ocim.wiring import BUILTIN, context

APPSERVER = "appserver:"
STYLES = {"added": "green", "removed": "red", "changed": "yellow"}


class Command(OcimCommand):
    help = "Show, compare and check what app servers are configured with."
    trouble = 2  # as with diff(1), where 1 says that there are differences
    examples = """examples:
  ocim config show campus.example.com
  ocim config show campus.example.com --layer configuration_extra_settings
  ocim config show --appserver 12 --json
  ocim config diff campus.example.com                what a new app server would change
  ocim config diff appserver:12 appserver:14
  ocim config diff campus.example.com other.example.com
  ocim config lint extra.yml                         before it is set
  ocim config lint campus.example.com                which variables the playbooks act on
  ocim config lint campus.example.com --against ~/configuration
  ocim config lint campus.example.com --against https://github.com/openedx/configuration@master

`diff` ends with 0 where both are the same and with 1 where they differ; trouble is 2 everywhere.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add = self.subcommands(parser)
        show = add("show", self.show, "every variable, and the layer it comes from", json=True)
        of = show.add_mutually_exclusive_group(required=True)
        of.add_argument("instance", nargs="?", help="as a new app server of it would get them")
        of.add_argument("--appserver", type=int, metavar="ID", help="as this one was given them")
        show.add_argument("--layer", metavar="NAME", help="only what comes from this layer")
        show.add_argument("--secrets", action="store_true", help="show them, too")
        diff = add("diff", self.diff, "what is different between two", json=True)
        side = "an instance, as a new app server of it would be, or appserver:ID"
        diff.add_argument("one", metavar="A", help=side)
        diff.add_argument(
            "other", metavar="B", nargs="?", help="left out: what serves A now is compared with A"
        )
        lint = add(
            "lint",
            self.lint,
            f"check a file of {WHERE}, or an instance's variables against a repository",
            json=True,
        )
        lint.add_argument("what", metavar="FILE|INSTANCE", help="YAML, or an instance")
        lint.add_argument(
            "--against", metavar="DIRECTORY|URL[@VERSION]", default=str(BUILTIN),
            help="a configuration repository: a checkout of it, or from where and which (default:"
            " the instance's own version); default: the built-in playbooks",
        )  # fmt: skip

    def show(self, given: argparse.Namespace) -> None:
        if given.appserver is None:
            variables = _of_new(find_instance(given.instance).pk)
        else:
            variables = deserialize(find_appserver(given.appserver))
        if given.layer not in (None, *variables.layers):
            there = ", ".join(variables.layers)
            raise Conflict(f"There is no layer {given.layer!r}.", remedy=f"There are: {there}.")
        leaves = [leaf for leaf in variables.leaves if given.layer in (None, leaf.layer)]
        show: Callable[[Any], Any] = revealed if given.secrets else masked
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
                [(".".join(leaf.path), one_line(show(leaf.value)), leaf.layer) for leaf in leaves],
            )

    def diff(self, given: argparse.Namespace) -> None:
        if given.other is None:
            old, new = _live_and_new(given.one)
        else:
            old, new = _side(given.one), _side(given.other)
        found = changes(old, new)
        if self.out.as_json:
            self.out.data([change.as_data() for change in found])
        for change in found:
            self._say(change)
        if found:
            sys.exit(1)

    def lint(self, given: argparse.Namespace) -> None:
        path = Path(given.what.removeprefix("@"))
        if path.is_file():
            self._lint_file(path)
        elif _is_instance(given.what):
            self._lint_instance(given.what, given.against)
        else:
            raise ValidationError([f"{given.what!r} is neither a file nor an instance."])

    def _lint_instance(self, name: str, against: str) -> None:
        known = OpenEdXInstance.objects.select_related("ref_set", "database_server")
        instance = known.get(pk=find_instance(name).pk)
        with _files(against, instance) as (where, directory):
            report = lint(instance=instance, directory=directory, policy=context().policy)
        report = replace(report, repository=where)
        if self.out.as_json:
            self.out.data(report.as_data())
        if against != where:  # a version that was not said, or that may be another tomorrow
            self.out.say(f"Against {where}:")
        for path in report.unreadable:
            self.out.say(f"{path} could not be read: what it sets may be missing.", style="yellow")
        for one in report.worth_saying():
            style = "red" if one.severity == "error" else "yellow"
            self.out.say(f"{one.variable} ({one.layer}) {one.text}", style=style)
        if report.worth_saying():
            sys.exit(1)
        self.out.say(f"All {len(report.findings)} variables are as they should be.")

    def _lint_file(self, path: Path) -> None:
        text, where = text_of_argument(f"@{path}", option="FILE")
        faults: list[str] = []
        try:
            check_extra_settings(text)
        except ValidationError as error:
            faults = [fault.replace(WHERE, where, 1) for fault in error.faults]
        if self.out.as_json:
            self.out.data({"file": where, "faults": faults})
        for fault in faults:
            self.out.say(fault, style="red")
        if faults:
            sys.exit(1)
        self.out.say(f"{where} is right.")

    def _say(self, change: Change) -> None:
        self.out.say(str(change), style=STYLES[change.kind])


@contextmanager
def _files(against: str, instance: OpenEdXInstance) -> Iterator[tuple[str, Path]]:
    """What to call a configuration repository, and its files."""
    directory = Path(against)
    if directory.exists():
        yield against, directory
        return
    url, version = source_argument(against)
    wanted = ConfigurationSource(
        url, version or instance.configuration_commit, instance.playbook_name
    )
    with context().adapters.provisioner.files(wanted) as (exact, directory):
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
    """What serves, or is to serve, and what an app server spawned now would have."""
    live = _named_appserver(text) if text.startswith(APPSERVER) else _live(text)
    return deserialize(live), _of_new(live.instance_id)


def _live(text: str) -> OpenEdXAppServer:
    instance = find_instance(text)
    if found := appservers(instance.pk).order_by("-is_active", "-id").first():
        return found
    raise Conflict(
        f"{instance} has no app server to compare with.",
        remedy="Name what to compare it with: another instance, or appserver:ID.",
    )


def _named_appserver(text: str) -> OpenEdXAppServer:
    number = text.removeprefix(APPSERVER)
    if not number.isdecimal():
        raise ValidationError([f"{text!r} is not appserver:ID."], remedy="As in appserver:12.")
    return find_appserver(int(number))


def _of_new(instance_id: int) -> Effective:
    known = OpenEdXInstance.objects.select_related("ref_set", "database_server")
    return effective_variables(known.get(pk=instance_id), context().policy)
