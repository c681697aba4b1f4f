"""The check that app servers can store uploads in object storage."""

from collections.abc import Iterator
from uuid import uuid4

from ocim.catalog.secrets.masking import masker
from ocim.catalog.variables.uploads import kind_of_lms
from ocim.core.errors import OcimError
from ocim.core.instance import Service
from ocim.core.states import AppServerState
from ocim.operations.context import Context
from ocim.operations.effective import deserialize
from ocim.operations.findings import Finding, Severity
from ocim.operations.shop.remote import call
from ocim.store.selectors import appservers_with_specs

TIMEOUT = 120.0
"""Seconds for the LMS's Django to start, and to try each storage."""
_REMEDY = (
    "Compare bucket, keys and address with the object storage; correct the instance's settings, and"
    " spawn another app server."
)


def check_uploads(context: Context) -> Iterator[Finding]:
    """Yield running app servers whose LMS cannot store uploads in the object storage it is set to.

    The LMS itself writes, reads and deletes an object: with its library, its keys, from its host.
    """
    running = appservers_with_specs().filter(state=AppServerState.RUNNING)
    for appserver in running.order_by("id"):
        values = deserialize(appserver).values
        kind = kind_of_lms(values)
        if not kind:
            continue
        severity: Severity = "error" if appserver.is_active else "warning"
        where = f"{appserver} of {appserver.instance}"
        arguments = {"name": f"ocim-check-{uuid4().hex}"}
        try:
            faults = call(
                appserver, Service.LMS, "uploads.attempt", arguments, context, timeout=TIMEOUT
            )
        except OcimError as error:
            yield Finding(severity, error.problem, error.remedy, where)
            continue
        masked = masker([values])
        for what, fault in faults.items():
            text = f"It cannot store {what} in {kind}: {masked(fault)}"
            yield Finding(severity, text, _REMEDY, where)
