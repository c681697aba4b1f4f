"""Client for the LMS's API."""

from collections.abc import Mapping
from typing import Any

import requests
from django.conf import settings

from rehearsal.common.oauth_client import TIMEOUT, JwtAuth, LmsRefused
from rehearsal.ecommerce.core.models import SiteConfiguration


class Lms:
    """The LMS of a site. Its methods raise LmsRefused with what the LMS says."""

    def __init__(self, configuration: SiteConfiguration) -> None:
        self._configuration = configuration
        self._root = configuration.lms_url_root.rstrip("/")

    def put_course(self, course_id: str, body: Mapping[str, Any]) -> None:
        """Replace the modes in which a course can be taken."""
        self._ask("PUT", f"/api/commerce/v1/courses/{course_id}/", json=body)

    def account(self, username: str) -> dict[str, Any]:
        """Return the LMS's data about a user."""
        return dict(self._ask("GET", f"/api/user/v1/accounts/{username}").json())

    def _ask(self, method: str, path: str, **arguments: Any) -> requests.Response:
        auth = JwtAuth(self._configuration.backend_client())
        try:
            answer = requests.request(
                method, f"{self._root}{path}", auth=auth, timeout=TIMEOUT, **arguments
            )
        except requests.RequestException as error:
            raise LmsRefused(f"{self._root}{path}: {error}") from error
        if not answer.ok:
            raise LmsRefused(f"{first_value(answer)} (status {answer.status_code})")
        return answer

    def post_enrollment(self, body: Mapping[str, Any]) -> requests.Response:
        """Create, change or end an enrollment, with the shared key. Return any response.

        Raise a RequestException if the LMS does not answer.
        """
        return requests.post(
            f"{self._root}/api/enrollment/v1/enrollment",
            json=body,
            headers={"X-Edx-Api-Key": settings.EDX_API_KEY},
            timeout=settings.ENROLLMENT_FULFILLMENT_TIMEOUT,
        )


def first_value(answer: requests.Response) -> str:
    """Return the first value of a JSON response; the beginning of any other response."""
    try:
        value = next(iter(answer.json().values()))
    except (ValueError, AttributeError, StopIteration):
        return answer.text[:200]
    return str(value[0] if isinstance(value, list) and value else value)
