import logging
import re
from typing import Any

import requests
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils.dateparse import parse_datetime

from rehearsal.discovery.course_metadata.loaders.loader import PAGE_SIZE, Loader
from rehearsal.discovery.course_metadata.models import Course, CourseRun, Organization

KEY = re.compile(r"course-v1:(?P<org>[^+]+)\+(?P<number>[^+]+)\+(?P<run>[^+]+)")
OLD_KEY = re.compile(r"(?P<org>[^/]+)/(?P<number>[^/]+)/(?P<run>[^/]+)")
log = logging.getLogger(__name__)


class CoursesLoader(Loader):
    """Loader of the LMS's courses. It logs and skips faulty ones, and never removes any."""

    url_field = "courses_api_url"

    def ingest(self) -> None:
        username = self.username()
        organizations: set[str] = set()
        number = pages = 1
        while number <= pages:
            page = self.get(
                "courses/", page=number, page_size=PAGE_SIZE, username=username, active_only=1
            )
            for course_data in page["results"]:
                try:
                    organizations.add(self.take(course_data))
                except (KeyError, TypeError, ValueError, DatabaseError) as error:
                    log.error(  # noqa: TRY400 (the trace would not help)
                        "An error occurred while updating %s from %s: %r",
                        course_data.get("id"),
                        self.url,
                        error,
                    )
            pages = page["pagination"]["num_pages"]
            number += 1
        if self.partner.organizations_api_url and not settings.RELEASE.before("juniper"):
            for key in sorted(organizations):
                self.put(key)

    @transaction.atomic
    def take(self, course_data: dict[str, Any]) -> str:
        """Write a course and its organization. Return the organization's key."""
        parts = KEY.fullmatch(course_data["id"]) or OLD_KEY.fullmatch(course_data["id"])
        if parts is None:
            raise ValueError(f"'{course_data['id']}' is no course key")
        organization, _ = Organization.objects.get_or_create(partner=self.partner, key=parts["org"])
        media = course_data["media"]
        image = media["image"]["raw"] or ""
        described = {
            "title": course_data["name"],
            "short_description": course_data["short_description"] or "",
            "card_image_url": image,
        }
        course, _ = Course.objects.update_or_create(
            partner=self.partner, key=f"{parts['org']}+{parts['number']}", defaults=described
        )
        course.authoring_organizations.add(organization)
        moments = ("start", "end", "enrollment_start", "enrollment_end")
        CourseRun.objects.update_or_create(
            key=course_data["id"],
            defaults={
                **described,
                **{name: moment(course_data[name]) for name in moments},
                "course": course,
                "video_url": media["course_video"]["uri"] or "",
                "pacing_type": f"{course_data.get('pacing') or 'instructor'}_paced",
                "license": course_data.get("license") or "",
                "hidden": bool(course_data.get("hidden")),
                "mobile_available": bool(course_data.get("mobile_available")),
            },
        )
        return organization.key

    def put(self, key: str) -> None:
        """Write an organization to the LMS. The partner's URL must end with a slash."""
        organization = Organization.objects.get(partner=self.partner, key=key)
        body = {
            "name": organization.name or key,
            "short_name": key,
            "description": organization.description,
        }
        url = f"{self.partner.organizations_api_url}organizations/{key}/"
        try:
            self.session.put(url, json=body, timeout=self.timeout).raise_for_status()
        except requests.RequestException as error:
            log.warning("PUT %s of organization %s failed: %s", url, key, error)


def moment(text: str | None) -> Any:
    """Return the date and time in a response. Raise ValueError if the text is none."""
    if text is None:
        return None
    parsed = parse_datetime(text)
    if parsed is None:
        raise ValueError(f"'{text}' is no date and time")
    return parsed
