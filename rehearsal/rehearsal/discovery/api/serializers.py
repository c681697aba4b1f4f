"""Serializers of the API, with the real service's field names."""

from typing import Any

from rest_framework import serializers

from rehearsal.discovery.catalogs.models import Catalog
from rehearsal.discovery.core.partners import lms_root
from rehearsal.discovery.course_metadata.models import (
    Course,
    CourseRun,
    Organization,
    Program,
    Seat,
)


def image(url: str) -> dict[str, Any] | None:
    return {"src": url, "description": None, "height": None, "width": None} if url else None


class OrganizationSerializer(serializers.ModelSerializer[Organization]):
    logo_image_url = serializers.SerializerMethodField()

    class Meta:
        model = Organization
        fields = ("uuid", "key", "name", "description", "logo_image_url")

    def get_logo_image_url(self, organization: Organization) -> str | None:
        return organization.logo_image_url or None


class SeatSerializer(serializers.ModelSerializer[Seat]):
    class Meta:
        model = Seat
        fields = (
            *("type", "price", "currency", "upgrade_deadline"),
            *("credit_provider", "sku", "bulk_sku"),
        )


class CourseRunSerializer(serializers.ModelSerializer[CourseRun]):
    course = serializers.SlugRelatedField[Course](slug_field="key", read_only=True)
    seats = SeatSerializer(many=True, read_only=True)
    image = serializers.SerializerMethodField()
    marketing_url = serializers.SerializerMethodField()

    class Meta:
        model = CourseRun
        fields = (
            *("course", "key", "uuid", "title", "short_description", "image", "marketing_url"),
            *("start", "end", "enrollment_start", "enrollment_end", "availability"),
            *("pacing_type", "type", "license", "hidden", "mobile_available", "seats"),
        )

    def get_image(self, run: CourseRun) -> dict[str, Any] | None:
        return image(run.card_image_url)

    def get_marketing_url(self, run: CourseRun) -> str:
        return about_url(run)


def about_url(run: CourseRun) -> str:
    """Return the URL of the LMS's page about a run."""
    return f"{lms_root(run.course.partner)}/courses/{run.key}/about"


class CourseSerializer(serializers.ModelSerializer[Course]):
    course_runs = CourseRunSerializer(many=True, read_only=True)
    owners = OrganizationSerializer(source="authoring_organizations", many=True, read_only=True)
    image = serializers.SerializerMethodField()

    class Meta:
        model = Course
        fields = (*("key", "uuid", "title", "short_description", "image", "owners", "course_runs"),)

    def get_image(self, course: Course) -> dict[str, Any] | None:
        return image(course.card_image_url)


class ProgramSerializer(serializers.ModelSerializer[Program]):
    courses = CourseSerializer(many=True, read_only=True)

    class Meta:
        model = Program
        fields = ("uuid", "title", "subtitle", "type", "status", "courses")


class CatalogSerializer(serializers.ModelSerializer[Catalog]):
    viewers = serializers.SlugRelatedField[Any](slug_field="username", many=True, read_only=True)

    class Meta:
        model = Catalog
        fields = ("id", "name", "query", "viewers")
