"""Courses, runs, organizations and programs of the database in the API."""

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework.viewsets import ReadOnlyModelViewSet

from rehearsal.discovery.api import serializers
from rehearsal.discovery.core.partners import partner
from rehearsal.discovery.course_metadata.models import Course, CourseRun, Organization, Program
from rehearsal.discovery.course_metadata.search_indexes import searching
from rehearsal.discovery.course_metadata.search_indexes.documents import COURSE, COURSE_RUN, Kind

# Keys contain colons, pluses and dots.
KEY = "[^/]+"


class Listing(ReadOnlyModelViewSet[Any]):
    """Rows of the site's partner: all, those in `keys`, or those that match the search for `q`."""

    lookup_value_regex = KEY
    partner_field = "partner"
    kind: Kind | None = None

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset().filter(**{self.partner_field: partner()})
        query = self.request.query_params
        if self.action == "list" and "keys" in query:
            rows = rows.filter(key__in=query["keys"].split(","))
        if self.action == "list" and self.kind and query.get("q"):
            rows = rows.filter(pk__in=searching.primary_keys(query["q"], self.kind))
        return rows


def with_runs(model: type[Model]) -> QuerySet[Any]:
    prefix = "courses__" if model is Program else ""
    return model._default_manager.prefetch_related(
        *(f"{prefix}{name}" for name in ("course_runs__seats", "authoring_organizations")),
        f"{prefix}course_runs__course__partner",
    )


class CourseView(Listing):
    serializer_class = serializers.CourseSerializer
    queryset = with_runs(Course)
    lookup_field = "key"
    kind = COURSE


class CourseRunView(Listing):
    serializer_class = serializers.CourseRunSerializer
    queryset = CourseRun.objects.select_related("course__partner").prefetch_related("seats")
    lookup_field = "key"
    partner_field = "course__partner"
    kind = COURSE_RUN


class OrganizationView(Listing):
    serializer_class = serializers.OrganizationSerializer
    queryset = Organization.objects.all()
    lookup_field = "key"


class ProgramView(Listing):
    serializer_class = serializers.ProgramSerializer
    queryset = with_runs(Program)
    lookup_field = "uuid"
