"""System checks, which report all faults in the settings at once, before any command runs.

Each check is a function from the settings to pairs: what is wrong, and what to do. Its row in
`CHECKS` has its id, and its severity: commands do not run if there are errors.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register

from ocim.project.checks import addresses, external, values
from ocim.project.checks.faults import Faults
from ocim.project.options import Options


@dataclass(frozen=True, slots=True)
class _Check:
    id: str
    kind: type[checks.Error | checks.Warning]
    find: Callable[[Options], Faults]


CHECKS = (
    _Check("ocim.E001", checks.Error, values.unreadable),
    _Check("ocim.E002", checks.Error, values.master_key),
    _Check("ocim.E003", checks.Error, addresses.ports),
    _Check("ocim.E004", checks.Error, addresses.web_address),
    _Check("ocim.E005", checks.Error, addresses.addresses),
    _Check("ocim.E006", checks.Error, external.database),
    _Check("ocim.E007", checks.Error, external.queues),
    _Check("ocim.E008", checks.Error, values.numbers),
    _Check("ocim.E009", checks.Error, values.default_provider),
    _Check("ocim.E010", checks.Error, external.acme),
    _Check("ocim.E011", checks.Error, values.platform),
    _Check("ocim.E012", checks.Error, external.url_rewrites),
    _Check("ocim.E013", checks.Error, external.notice_addresses),
    _Check("ocim.E014", checks.Error, addresses.allowed_hosts),
    _Check("ocim.E015", checks.Error, external.git_files),
    _Check("ocim.E016", checks.Error, external.ssh_pool),
    _Check("ocim.E017", checks.Error, external.balancer),
    _Check("ocim.E018", checks.Error, values.machine),
    _Check("ocim.E019", checks.Error, external.identity_provider),
    _Check("ocim.E020", checks.Error, values.tutor_plugins),
    _Check("ocim.W001", checks.Warning, values.unknown_names),
    _Check("ocim.W002", checks.Warning, values.default_release),
    _Check("ocim.W003", checks.Warning, external.acme_email),
    _Check("ocim.W004", checks.Warning, addresses.exposure),
)


def find_faults(options: Options) -> list[CheckMessage]:
    """Return the messages of all checks about these settings."""
    return [
        check.kind(problem, hint=remedy, id=check.id)
        for check in CHECKS
        for problem, remedy in check.find(options)
    ]


@register("ocim")
def check_settings(app_configs: object, **_: Any) -> list[CheckMessage]:
    """Return the messages of all checks about the settings in force."""
    return find_faults(settings.OCIM)
