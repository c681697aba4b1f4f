"""Take an instance's secrets out of what is written down of it: logs, failures, evidence."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ocim.catalog.secrets.masking import mask_text, masked_place, masker
from ocim.core.secrets import Secret
from ocim.operations.effective import thawed
from ocim.store.models import Job, NetworkServer, OpenEdXAppServer

Mask = Callable[[str], str]


def mask_of(source: OpenEdXAppServer | Job) -> Mask:
    """Return a function that masks the secrets of an app server or job, and what looks like one."""
    if isinstance(source, Job):
        return mask_of_job(source)
    return _mask(source.effective_variables or "")


def mask_of_instance(instance_id: int) -> Mask:
    """Return the same for an instance, with the secrets of its newest app server."""
    newest = OpenEdXAppServer.objects.filter(instance=instance_id).order_by("-id")
    return _mask(newest.values_list("effective_variables", flat=True).first() or "")


def mask_of_job(job: Job) -> Mask:
    """Return the same for a job, with the secrets of its instance or of its shared server."""
    if job.instance_id is not None:
        return mask_of_instance(job.instance_id)
    server = job.lease.target
    password = server.admin_password if isinstance(server, NetworkServer) else ""
    known = masker(Secret(password)) if password else str
    return lambda text: mask_text(known(text))


def masked_values(values: Any, mask: Mask) -> Any:
    """Return a copy of plain values whose texts are masked, and what is below a secret's name."""
    match masked_place("", values):
        case dict() as mapping:
            return {key: masked_values(value, mask) for key, value in mapping.items()}
        case list() as several:
            return [masked_values(value, mask) for value in several]
        case str() as text:
            return mask(text)
        case other:
            return other


# Cached for the few app servers that jobs work on: reading variables for each line is slow.
@lru_cache(maxsize=16)
def _mask(frozen: str) -> Mask:
    known = masker(thawed(frozen).values) if frozen else str
    return lambda text: mask_text(known(text))
