"""What a mass upgrade changes in the variables of app servers; nothing secret is told of it."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ocim.catalog.effective import OPERATOR
from ocim.core.differences import ABSENT, Difference, differences, in_common
from ocim.core.secrets import masked, replaced
from ocim.core.variables import Effective, from_plain, merge
from ocim.operations.redeploy.masking import shown, without_accounts
from ocim.store.models import OpenEdXAppServer, OpenEdXInstance

Change = Mapping[str, Any]
"""`path`; `old` and `new` as far as they are there, as JSON has it, secrets masked; `layers`, those
that have the last word on them."""
LONGEST = 60
"""Characters of a value in words."""


def live_variables(instances: Sequence[OpenEdXInstance]) -> dict[int, Effective]:
    """By instance, the variables of the app server that serves, or else of the newest one."""
    there = OpenEdXAppServer.objects.filter(instance__in=[one.pk for one in instances])
    live = dict(there.order_by("is_active", "id").values_list("instance_id", "pk"))
    frozen = OpenEdXAppServer.objects.filter(pk__in=live.values())
    texts = frozen.values_list("instance_id", "effective_variables")
    return {of: from_plain(json.loads(text)) for of, text in texts}


def changes(old: Effective | None, new: Effective) -> tuple[Change, ...]:
    """What is another in an app server with the `new` ones; all, where nothing was before."""
    before = old or merge([])
    return tuple(_change(one, before, new) for one in differences(before.values, new.values))


def without_values(change: Change) -> Change:
    """The change as it is kept on record: what operators wrote may be secret by another name."""
    if OPERATOR not in change["layers"]:
        return change
    return {name: value for name, value in change.items() if name not in ("old", "new")}


def _change(one: Difference, old: Effective, new: Effective) -> Change:
    sides = {"old": (one.old, old), "new": (one.new, new)}
    there = {name: side for name, side in sides.items() if side[0] is not ABSENT}
    return {
        "path": list(one.path),
        "layers": sorted({variables.source(one.path) for _, variables in there.values()}),
        **{name: shown(".".join(one.path), masked(value)) for name, (value, _) in there.items()},
    }


def fingerprint(instance: OpenEdXInstance, variables: Effective) -> str:
    """The same for the same variables; who does not have the instance's seed learns nothing."""
    marked = replaced(variables.values, lambda secret: {"secret": secret.reveal()})
    text = json.dumps(marked, sort_keys=True)
    return hmac.digest(instance.secret_seed.encode(), text.encode(), hashlib.sha256).hex()[:32]


def together(
    by_label: Mapping[str, Sequence[Change]],
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Labels of instances, and the changes that just these have in common, each in a line.

    Every change of every instance is told once; instances without any come last, with no line.
    """
    lines = {label: [in_words(one) for one in of] for label, of in by_label.items()}
    same = tuple(label for label, of in lines.items() if not of)
    return [*in_common(lines), *([(same, ())] if same else [])]


def in_words(change: Change) -> str:
    """`NAME: old → new`."""
    if "old" not in change and "new" not in change:
        return f"{'.'.join(change['path'])}: changed (not shown)"
    old, new = (short(change[side]) if side in change else "(not set)" for side in ("old", "new"))
    if change.get("old") == change.get("new"):
        values = f"{new} (with a secret that changed)"
    else:
        values = f"{old} → {new}" if old != new else f"{new} (another one further on)"
    return f"{'.'.join(change['path'])}: {values}"


def short(value: Any) -> str:
    """The value in a line that is not too long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = " ".join(without_accounts(text).split()) or "(empty)"
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
