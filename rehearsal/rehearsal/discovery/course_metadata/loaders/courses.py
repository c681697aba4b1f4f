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
    """Takes over the LMS's courses. A bad one is logged and passed over; none is ever removed."""

    url_field = "courses_api_url"

    def ingest(self) -> None:
        username = self.username()
        organizations: set[str] = set()
        number = pages = 1
        while number <= pages:
            page = self.get(
                "courses/", page=number, page_size=PAGE_SIZE, username=username, active_only=1
            )
            for found in page["results"]:
                try:
                    organizations.add(self.take(found))
                except (KeyError, TypeError, ValueError, DatabaseError) as error:
                    log.error(  # noqa: TRY400 (its trace tells nobody anything)
                        "An error occurred while updating %s from %s: %r",
                        found.get("id"),
                        self.url,
                        error,
                    )
            pages = page["pagination"]["num_pages"]
            number += 1
        if self.partner.organizations_api_url and not settings.RELEASE.before("juniper"):
            for key in sorted(organizations):
                self.put(key)

    @transaction.atomic
    def take(self, found: dict[str, Any]) -> str:
        """Write one course with its organization; returns that one's key."""
        parts = KEY.fullmatch(found["id"]) or OLD_KEY.fullmatch(found["id"])
        if parts is None:
            raise ValueError(f"'{found['id']}' is no course key")
        organization, _ = Organization.objects.get_or_create(partner=self.partner, key=parts["org"])
        media = found["media"]
        image = media["image"]["raw"] or ""
        described = {
            "title": found["name"],
            "short_description": found["short_description"] or "",
            "card_image_url": image,
        }
        course, _ = Course.objects.update_or_create(
            partner=self.partner, key=f"{parts['org']}+{parts['number']}", defaults=described
        )
        course.authoring_organizations.add(organization)
        moments = ("start", "end", "enrollment_start", "enrollment_end")
        CourseRun.objects.update_or_create(
            key=found["id"],
            defaults={
                **described,
                **{name: moment(found[name]) for name in moments},
                "course": course,
                "video_url": media["course_video"]["uri"] or "",
                "pacing_type": f"{found.get('pacing') or 'instructor'}_paced",
                "license": found.get("license") or "",
                "hidden": bool(found.get("hidden")),
                "mobile_available": bool(found.get("mobile_available")),
            },
        )
        return organization.key

    def put(self, key: str) -> None:
        """Tell the LMS of an organization. The URL is used as it is: its slash must be there."""
        organization = Organization.objects.get(partner=self.partner, key=key)
        told = {
            "name": organization.name or key,
            "short_name": key,
            "description": organization.description,
        }
        url = f"{self.partner.organizations_api_url}organizations/{key}/"
        try:
            self.session.put(url, json=told, timeout=self.timeout).raise_for_status()
        except requests.RequestException as error:
            log.warning("%s was not told of %s: %s", url, key, error)


def moment(text: str | None) -> Any:
    """A date and time of an answer; ValueError where it is none."""
    if text is None:
        return None
    parsed = parse_datetime(text)
    if parsed is None:
        raise ValueError(f"'{text}' is no date and time")
    return parsed
