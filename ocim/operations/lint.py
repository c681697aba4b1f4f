"""An instance's variables held against a configuration repository: which of them it acts on.

Extra variables beat all that a repository sets, so what is lost is lost in two ways: an operator's
setting lies over a generated one, or nothing asks for a variable any more, since all that is
composed of it was set as a whole.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ocim.catalog.discovery_job import REFRESH
from ocim.catalog.releases import of_instance, traits
from ocim.catalog.shop.checks import by_variable
from ocim.catalog.templates import is_template
from ocim.catalog.variables.databases import NOT_UPSTREAMS
from ocim.catalog.variables.effective import BY_OPERATORS, OPERATOR
from ocim.catalog.variables.known import KNOWN
from ocim.catalog.variables.pairs import SAME
from ocim.catalog.variables.structures import CRON_JOBS
from ocim.catalog.variables.types import as_flag
from ocim.catalog.variables.uploads import lacking_classes
from ocim.core.instance import Instance, Service
from ocim.core.policy import Policy
from ocim.core.provisioning import TUTOR
from ocim.core.secrets import masked, revealed, secret_texts
from ocim.core.variables import Effective
from ocim.operations.effective import effective_variables, generated_variables
from ocim.operations.lint_report import Finding, Report, Severity, Status
from ocim.operations.tutor_lint import compare_with_tutor
from ocim.parsing.configuration_repository import Repository, read_repository
from ocim.parsing.extra_settings import warnings_of
from ocim.store.models import OpenEdXInstance
from ocim.store.specs import instance_spec

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NEAR = 0.8
_EMPTY_IS_OPEN = "COMMON_JWT_PUBLIC_SIGNING_JWK_SET"
_ANSIBLES = frozenset(
    {
        *("environment", "group_names", "groups", "hostvars", "inventory_dir", "inventory_file"),
        *("inventory_hostname", "inventory_hostname_short", "item", "now", "omit", "play_hosts"),
        *("playbook_dir", "role_name", "role_path", "undef", "vars"),
        *("cycler", "dict", "joiner", "lipsum", "namespace", "range"),
    }
)
"""Names that Ansible or Jinja itself defines."""
# KNOWN describes the effect of each.
_DANGEROUS = (
    "CONFIGURE_JWTS",
    "DEMO_ROLE_ENABLED",
    "SANDBOX_ENABLE_ANALYTICS_API",
    "SANDBOX_ENABLE_INSIGHTS",
    "ecommerce_create_demo_data",
)


def lint(*, instance: OpenEdXInstance, directory: Path, policy: Policy) -> Report:
    """Compare the variables of the instance's next app server with the repository in `directory`.

    If Tutor provisions the instance, compare them with the settings of its Tutor. Run nothing and
    fetch nothing. Raise ValidationError if the directory holds no configuration repository, or the
    instance's settings are wrong.
    """
    spec, variables = instance_spec(instance, policy), effective_variables(instance, policy)
    if instance.provisioner == TUTOR:
        report = compare_with_tutor(variables, policy)
    else:
        report = compare(
            spec,
            variables,
            generated=generated_variables(instance, policy),
            repository=read_repository(directory, playbook=spec.configuration_playbook_name),
        )
    own = warnings_of(instance.configuration_extra_settings, values=variables.values)
    return replace(report, warnings=(*report.warnings, *own))


def compare(
    instance: Instance, variables: Effective, *, generated: Effective, repository: Repository
) -> Report:
    """Return the report on variables; `generated` are these without the operator's settings."""
    judge = _Judge(instance, variables, generated, repository)
    findings = [judge.finding(name) for name in variables.values]
    findings += judge.notes()
    return Report(str(repository.path), tuple(findings), tuple(repository.unreadable))


class _Judge:
    def __init__(
        self,
        instance: Instance,
        variables: Effective,
        generated: Effective,
        repository: Repository,
    ) -> None:
        self._instance = instance
        self._variables = variables
        self._values = variables.values
        self._generated = generated.values
        self._repository = repository
        self._generated_layers = generated
        self._texts = {name: _names_in(value) for name, value in self._values.items()}

    def finding(self, name: str) -> Finding:
        """Return the finding about a variable."""
        layer = self._variables.source((name,))
        by_operator = layer in BY_OPERATORS
        place = _place(self._repository, name)
        if not place and not self._is_used_by_settings(name):
            return self._unknown(name, layer)
        if composed := self._composed_away(name):
            return Finding(
                name,
                layer,
                Status.OVERRIDDEN,
                Severity.WARNING if by_operator else Severity.INFO,
                f"has no effect: it is asked for only where {composed} would be composed,"
                " and that is set as a whole.",
                by=composed,
                **place,
            )
        if by_operator and name in self._generated:
            return self._over_generated(name, place)
        return Finding(name, layer, Status.KNOWN, Severity.INFO, _known(place), **place)

    def _unknown(self, name: str, layer: str) -> Finding:
        if name in NOT_UPSTREAMS:
            text = (
                "is not known here: these playbooks connect to MySQL, at its usual port, alone."
                " Create the instance on such a server (`ocim database-server`)."
            )
            return Finding(name, layer, Status.UNKNOWN, Severity.ERROR, text)
        if layer not in BY_OPERATORS:
            text = "is not known here: Ocim sets it for other releases and playbooks."
            return Finding(name, layer, Status.UNKNOWN, Severity.INFO, text)
        nearest, text = "", "is set, but these playbooks do not use it."
        if name not in KNOWN:
            nearest = self._nearest(name)
            text = f"is not known here: nothing asks for it.{_meant(nearest)}"
        return Finding(name, layer, Status.UNKNOWN, Severity.WARNING, text, nearest=nearest)

    def _nearest(self, name: str) -> str:
        names = [*self._repository.definitions, *KNOWN]
        return next(iter(get_close_matches(name, names, n=1, cutoff=_NEAR)), "")

    def _over_generated(self, name: str, place: dict[str, Any]) -> Finding:
        layer = self._generated_layers.source((name,))
        text = f"is set by the operator over what Ocim generates (layer {layer})."
        severity = Severity.INFO
        if secret_texts(self._generated[name]):
            text += " Who knows the value must be nobody else."
        if name in _DANGEROUS and as_flag(self._values[name]):
            severity, text = Severity.WARNING, f"{text} Ocim has it {KNOWN[name].meaning}."
        if self._is_other_address(name):
            severity = Severity.WARNING
            text += " The balancer serves the instance at Ocim's address: change its domains."
        if name == _EMPTY_IS_OPEN and not self._values[name]:
            severity = Severity.ERROR
            text += " Without keys, services may accept tokens of anybody. Remove the setting."
        if name == CRON_JOBS and REFRESH not in str(masked(self._values[name])):
            severity = Severity.WARNING
            text += f" The list is replaced, and so discovery's {REFRESH} is not run: add it."
        return Finding(
            name,
            layer,
            Status.OVERRIDDEN,
            severity,
            text,
            by=self._variables.source((name,)),
            **place,
        )

    def _is_other_address(self, name: str) -> bool:
        """Return True if the operator names another address than the instance's own."""
        own, value = self._generated[name], self._values[name]
        if not isinstance(own, str) or not isinstance(value, str) or is_template(value):
            return False
        return own != value and any(domain in own for domain in self._instance.domains.all())

    def _composed_away(self, name: str) -> str:
        """Return the variable's users, if these are all, and all are set as a whole; else ""."""
        if name in self._repository.uses or self._is_used_by_settings(name):
            return ""
        users = sorted({user.name for user in self._repository.asked_by.get(name, [])})
        if all(user in self._values for user in users):
            return ", ".join(users)
        return ""

    def _is_used_by_settings(self, name: str) -> bool:
        return any(name in text for other, text in self._texts.items() if other != name)

    def notes(self) -> Iterator[Finding]:
        """Yield the findings about combinations of variables."""
        for follower, leader in SAME.items():
            if self._set_apart(follower, leader):
                text = f"must be the same as {leader}, and is not."
                yield Finding(follower, OPERATOR, Status.KNOWN, Severity.ERROR, text)
        for name, value in self._values.items():
            if (layer := self._variables.source((name,))) in BY_OPERATORS:
                yield from self._undefined(name, value, layer)
        lacking = lacking_classes(self._values, of_instance(self._instance))
        for name, text in (*by_variable(self._instance, self._values).items(), *lacking):
            layer = self._variables.source((name,))
            yield Finding(name, layer, Status.KNOWN, Severity.WARNING, text)
        ecommerce = Service.ECOMMERCE in self._instance.services
        if ecommerce and not traits(of_instance(self._instance)).has_ecommerce:
            text = "turns on what is no part of the instance's release any more."
            yield Finding(
                "SANDBOX_ENABLE_ECOMMERCE", OPERATOR, Status.KNOWN, Severity.WARNING, text
            )

    def _undefined(self, name: str, value: Any, layer: str) -> Iterator[Finding]:
        """Yield a finding for each name in the value's templates that nothing defines."""
        from ocim.parsing.references import names_used

        if not (_place(self._repository, name) or self._is_used_by_settings(name)):
            return  # nothing asks for it, so that Ansible never reads its templates
        for used in sorted(names_used(revealed(value), required=True) - _ANSIBLES):
            known = used in self._values or _place(self._repository, used)
            if not known and not used.startswith("ansible_"):
                nearest = self._nearest(used)
                text = f"uses {used}, which nothing defines.{_meant(nearest)}"
                yield Finding(name, layer, Status.KNOWN, Severity.ERROR, text, nearest=nearest)

    def _set_apart(self, follower: str, leader: str) -> bool:
        values = self._values
        return follower in values and leader in values and values[follower] != values[leader]


def _place(repository: Repository, name: str) -> dict[str, Any]:
    """Return the place of the variable's strongest value, or else of its first use."""
    if values := repository.definitions.get(name):
        return {
            "origin": values[-1].origin,
            "file": values[-1].file,
            "line": values[-1].line,
            "default": values[-1].value,
        }
    if use := repository.uses.get(name):
        return {"file": use[0], "line": use[1]}
    if asking := repository.asked_by.get(name):
        return {"file": asking[0].file, "line": asking[0].line}
    return {}


def _meant(nearest: str) -> str:
    return f" Was {nearest} meant?" if nearest else ""


def _known(place: dict[str, Any]) -> str:
    if not place:
        return "is used in other settings."
    where = f"{place['file']}:{place['line']}"
    return f"is known: {place['origin']}, {where}." if "origin" in place else f"is used: {where}."


def _names_in(value: Any) -> frozenset[str]:
    """Return the names that templates in the value may use."""
    text = str(masked(value))
    return frozenset(_NAME.findall(text)) if is_template(text) else frozenset()
