"""An instance's variables held against the settings of Tutor and its plugins."""

from collections.abc import Collection

from ocim.catalog.releases import traits
from ocim.catalog.tutor.checks import READ, faults, release_in, unreadable_prices
from ocim.catalog.tutor.known import PLUGINS
from ocim.catalog.tutor.operators import PREFIX, plugins, warnings
from ocim.catalog.variables.effective import BY_OPERATORS
from ocim.core.errors import ValidationError
from ocim.core.policy import Policy
from ocim.core.texts import listed
from ocim.core.variables import Effective
from ocim.operations.lint_report import Finding, Report, Severity, Status

_LEFT_BEHIND = (
    "Course content stays in the MongoDB that the playbooks have installed or used: copy its"
    " databases to the instance's MongoDB server before.",
    "Learners' former answers stay in {EDXAPP_MYSQL_CSMH_DB_NAME}, a database that Tutor's LMS does"
    " not read.",
    "Xqueue, for external graders, has no counterpart.",
)
"""Sentences on what Ansible's playbooks have and Tutor has not."""
_MICROFRONTENDS = (
    "Flags in the LMS's database lead learners to Tutor's microfrontends as soon as Tutor's tasks"
    " have run: where the old app server has none, its links to profiles, accounts and orders lead"
    " nowhere until traffic is switched, and after an undo."
)


def notes_on_move(variables: Effective, policy: Policy) -> list[str]:
    """Return what an instance loses that goes from Ansible to Tutor, and what Tutor would refuse.

    `variables` are those of its first app server with Tutor.
    """
    report = compare_with_tutor(variables, policy)
    lost = [found.variable for found in report.findings if found.severity is Severity.WARNING]
    left = [text.format_map(variables.values) for text in _LEFT_BEHIND]
    if "mfe" in plugins(variables.values):
        left.append(_MICROFRONTENDS)
    effect = [f"Without effect with Tutor: {listed(lost)}."] if lost else []
    return [*report.warnings, *effect, *left]


def compare_with_tutor(variables: Effective, policy: Policy) -> Report:
    """Return the report on variables of an instance that Tutor provisions."""
    major = traits(release_in(variables.values)).tutor
    if major is None:
        raise ValidationError(["There is no Tutor of the instance's release."])
    unknown = {name: rest for name, *rest in warnings(variables.values, major)}
    findings = []
    for name in variables.values:
        layer = variables.source((name,))
        if name in unknown:
            text, nearest = unknown[name]
            findings.append(
                Finding(name, layer, Status.UNKNOWN, Severity.WARNING, text, nearest=nearest)
            )
        elif name in READ or name.startswith(PREFIX):
            findings.append(Finding(name, layer, Status.KNOWN, Severity.INFO, "is known."))
        else:
            severity = Severity.WARNING if layer in BY_OPERATORS else Severity.INFO
            text = f"has no effect with Tutor. Its own settings are written {PREFIX}NAME."
            findings.append(Finding(name, layer, Status.UNKNOWN, severity, text))
    problems = faults(variables.values, major, allowed=allowed_plugins(major, policy))
    problems += unreadable_prices(variables.values)
    return Report(f"Tutor {major}", tuple(findings), (), tuple(problems))


def allowed_plugins(major: int, policy: Policy) -> Collection[str]:
    """Return the plugins that instances of this Tutor may have."""
    return PLUGINS[major] if policy.tutor_plugins is None else policy.tutor_plugins
