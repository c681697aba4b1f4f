"""Checks of what keeps playbooks and hosts away from the manager."""

from collections.abc import Iterator

from ocim.core.errors import OcimError
from ocim.core.provisioning import ANSIBLE
from ocim.core.texts import listed
from ocim.operations.context import Context
from ocim.operations.findings import Finding, Severity
from ocim.store.models import OpenEdXInstance


def check_isolation(context: Context) -> Iterator[Finding]:
    """Yield a warning if playbooks run without a sandbox."""
    isolation = context.adapters.provisioners[ANSIBLE].isolation()
    if not isolation.is_sandbox:
        yield Finding(
            "warning",
            f"Playbooks run without a sandbox and can read all of Ocim's files. {isolation.detail}",
            isolation.remedy,
        )


def check_other_provisioners(context: Context) -> Iterator[Finding]:
    """Yield what other provisioners than Ansible lack, and how they are isolated."""
    for kind, provisioner in sorted(context.adapters.provisioners.items()):
        if kind == ANSIBLE:
            continue
        isolation = provisioner.isolation()
        severity: Severity = "ok" if isolation.is_sandbox else "warning"
        yield Finding(severity, isolation.detail, isolation.remedy, kind)
        try:
            provisioner.examine()
        except OcimError as error:
            yield Finding("error", error.problem, error.remedy, kind)


def check_borders(context: Context) -> Iterator[Finding]:
    """Yield how hosts of each kind in use are isolated; warn about kinds that are not."""
    used = OpenEdXInstance.objects.filter(ref_set__is_archived=False)
    for kind in used.order_by("provider").values_list("provider", flat=True).distinct():
        provider = context.adapters.providers.get(kind)
        if provider is None:
            continue
        isolation = provider.isolation()
        if isolation.is_sandbox:
            yield Finding("ok", isolation.detail, where=f"{kind} hosts")
        else:
            yield Finding(
                "warning",
                f"App servers may reach Ocim's files, other instances too. {isolation.detail}",
                isolation.remedy,
                f"{kind} hosts",
            )


def check_limits(context: Context) -> Iterator[Finding]:
    """Yield how playbooks are limited, or what they can use up."""
    isolation = context.adapters.provisioners[ANSIBLE].isolation()
    if isolation.unlimited:
        what = f"Playbooks can use up this machine's {listed(isolation.unlimited)}."
        remedy = "Delegate control groups to Ocim's services (Delegate=yes), or run them as root."
        yield Finding("warning", f"{what} {isolation.limits}", remedy)
    elif isolation.limits:
        yield Finding("ok", isolation.limits)
