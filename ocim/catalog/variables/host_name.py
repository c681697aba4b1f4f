"""Check of COMMON_HOSTNAME, which must not be a public name."""

from collections.abc import Mapping
from typing import Any

from ocim.core.errors import ValidationError
from ocim.core.instance import Domains


def require_other_host_name(extra: Mapping[str, Any], domains: Domains) -> None:
    """Raise ValidationError if the setting is a public name of the instance."""
    name = str(extra.get("COMMON_HOSTNAME") or "").strip().rstrip(".").lower()
    if name in domains.all():
        raise ValidationError(
            [
                f"COMMON_HOSTNAME: {name} is a public name of the instance. Upstream's playbooks"
                " write it to the app server's /etc/hosts as localhost, so requests made on the"
                " app server would miss the load balancer, where TLS ends, and fail."
            ],
            remedy='Choose another name, or remove the setting (default: "").',
        )
