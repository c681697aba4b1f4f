from typing import Any

from django.conf import settings
from django.http import HttpRequest


def page(_request: HttpRequest) -> dict[str, Any]:
    """Return the variables of every page: platform, release and service."""
    return {
        "platform_name": settings.PLATFORM_NAME,
        "release": settings.RELEASE.version,
        "service": settings.SERVICE_NAME,
    }
