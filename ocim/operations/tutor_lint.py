"""An instance's variables held against the settings of Tutor and its plugins."""

from ocim.catalog.releases import traits
from ocim.catalog.tutor.checks import READ, faults, release_in
from ocim.catalog.tutor.known import PLUGINS
from ocim.catalog.tutor.operators import PREFIX, warnings
from ocim.catalog.variables.effective import BY_OPERATORS
from ocim.core.errors import ValidationError
from ocim.core.variables import Effective
from ocim.operations.lint_report import Finding, Report, Severity, Status


def compare_with_tutor(variables: Effective) -> Report:
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
    problems = faults(variables.values, major, allowed=PLUGINS[major])
    return Report(f"Tutor {major}", tuple(findings), (), tuple(problems))
