"""The part of a configuration that only runs migrations, on copies of databases.

`site.migrations.yml` beside `site.yml` runs them. It reports what Django prints with `set_stats`,
under `migrations`: by service, a `plan` and a `log`.
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
"""Characters of a text; the rest is cut off."""


def migrations_part(source: ConfigurationSource, playbook: Path, tree: Tree) -> Path:
    """The playbook beside `playbook` in `tree`; Conflict where there is none."""
    of_migrations = playbook.with_name(f"{playbook.stem}{SUFFIX}")
    if not tree.has(tree.name_of(of_migrations)):
        where = without_credentials(source.repository_url)
        raise Conflict(
            f"{playbook.name} of {where} has no {of_migrations.name} beside it, which would run"
            " migrations alone.",
        )
    return of_migrations


def reported(told: Any, mask: Callable[[str], str]) -> dict[str, MigrationTexts]:
    """What a run told, which nobody has looked at yet: only what has the right form is taken."""
    if not isinstance(told, Mapping):
        return {}
    return {
        mask(str(service)): MigrationTexts(
            *(_text(texts.get(one), mask) for one in ("plan", "log"))
        )
        for service, texts in told.items()
        if isinstance(texts, Mapping)
    }


def _text(value: Any, mask: Callable[[str], str]) -> str:
    return mask(value)[:LONGEST] if isinstance(value, str) else ""
