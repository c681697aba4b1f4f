"""The check of the SMTP relay, and of the senders that it accepts."""

from collections.abc import Iterator

from ocim.operations.context import Context
from ocim.operations.doctor.sites import active_instances
from ocim.operations.findings import Finding


def check_mail(context: Context) -> Iterator[Finding]:
    """Yield the instances whose own address the relay rejects. Raise an error if it is away."""
    relay = context.policy.mail
    if relay is None:
        return
    instances = list(active_instances())
    rejected = context.adapters.mail.rejected(
        relay, sorted({instance.email for instance in instances})
    )
    for instance in instances:
        if reason := rejected.get(instance.email):
            yield Finding(
                "warning",
                f"{relay} rejects the sender {instance.email}: {reason}.",
                "Allow the address there, or change the instance's email.",
                str(instance),
            )
