"""The rule about COMMON_HOSTNAME, the one name that a host must not be given."""

from collections.abc import Mapping
from typing import Any

from ocim.core.errors import ValidationError
from ocim.core.instance import Domains


def require_other_host_name(extra: Mapping[str, Any], domains: Domains) -> None:
    """ValidationError where the setting gives app servers a public name of the instance."""
    name = str(extra.get("COMMON_HOSTNAME") or "").strip().rstrip(".").lower()
    if name in domains.all():
        raise ValidationError(
            [
                f"COMMON_HOSTNAME: {name} is a public name of the instance. Upstream's playbooks"
                " write it to the app server's /etc/hosts as localhost, so requests made on the"
                " app server would miss the load balancer, where TLS ends, and fail."
            ],
            remedy='Give it another name, or leave it out: it is "" then.',
        )
