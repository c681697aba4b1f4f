"""The migrations part of a configuration, which runs migrations on copies of databases.

The playbook `site.migrations.yml` beside `site.yml` runs them. It reports Django's output with
`set_stats` under `migrations`: a `plan` and a `log` for each service.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ocim.core.errors import Conflict
from ocim.core.provisioning import ConfigurationSource, MigrationTexts
from ocim.core.secrets import without_credentials
from ocim.parsing.tree import Tree

SUFFIX = ".migrations.yml"
LONGEST = 1_000_000
"""Characters of a text that are kept."""


def migrations_part(source: ConfigurationSource, playbook: Path, tree: Tree) -> Path:
    """Return the migrations playbook beside `playbook`; raise Conflict if there is none."""
    of_migrations = playbook.with_name(f"{playbook.stem}{SUFFIX}")
    if not tree.has(tree.name_of(of_migrations)):
        url = without_credentials(source.repository_url)
        raise Conflict(
            f"{playbook.name} of {url} has no {of_migrations.name} beside it, which would only run"
            " migrations.",
        )
    return of_migrations


def reported(report: Any, mask: Callable[[str], str]) -> dict[str, MigrationTexts]:
    """Return the texts of an untrusted report; ignore everything that has not the right form."""
    if not isinstance(report, Mapping):
        return {}
    return {
        mask(str(service)): MigrationTexts(
            *(_text(texts.get(name), mask) for name in ("plan", "log"))
        )
        for service, texts in report.items()
        if isinstance(texts, Mapping)
    }


def _text(value: Any, mask: Callable[[str], str]) -> str:
    return mask(value)[:LONGEST] if isinstance(value, str) else ""
