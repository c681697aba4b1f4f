"""The output of `ocim appserver`: a table of app servers and the facts of one."""

from collections.abc import Sequence

from ocim.console.output import Output
from ocim.presentation.appservers import COLUMNS, facts, row
from ocim.store.models import OpenEdXAppServer
from ocim.store.selectors import appservers


def print_table(ids: Sequence[int], out: Output) -> None:
    """Print a row for each of the app servers."""
    rows = [row(appserver) for appserver in appservers().filter(pk__in=ids)]
    out.rows(COLUMNS, [tuple(row.values()) for row in rows])


def print_facts(appserver: OpenEdXAppServer, out: Output, *, secrets: bool) -> None:
    """Print an app server's facts; except as JSON, leave out those without a value."""
    shown = facts(appserver, secrets=secrets)
    out.facts(shown if out.as_json else {name: fact for name, fact in shown.items() if fact})
