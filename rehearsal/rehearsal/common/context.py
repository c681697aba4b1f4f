from typing import Any

from django.conf import settings
from django.http import HttpRequest


def page(_request: HttpRequest) -> dict[str, Any]:
    """What every page shows: the platform's name and the release that serves it."""
    return {
        "platform_name": settings.PLATFORM_NAME,
        "release": settings.RELEASE.version,
        "service": settings.SERVICE_NAME,
    }
