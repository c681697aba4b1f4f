"""Catalogs: named queries, and the courses that match them."""

from typing import Any

from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet

from rehearsal.discovery.api.serializers import CatalogSerializer, CourseSerializer
from rehearsal.discovery.api.views import with_runs
from rehearsal.discovery.catalogs.models import Catalog
from rehearsal.discovery.core.partners import partner
from rehearsal.discovery.course_metadata.models import Course, CourseRun
from rehearsal.discovery.course_metadata.search_indexes import searching
from rehearsal.discovery.course_metadata.search_indexes.documents import COURSE, COURSE_RUN


class StaffWrites(BasePermission):
    """Permission to read for all who are signed in, to write for staff."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.user.is_authenticated and (
            request.method in SAFE_METHODS or request.user.is_staff
        )


class CatalogView(ModelViewSet[Catalog]):
    serializer_class = CatalogSerializer
    queryset = Catalog.objects.prefetch_related("viewers")
    permission_classes = (StaffWrites,)

    @action(detail=True)
    def courses(self, _request: Request, pk: str = "") -> Response:
        """List the courses that match the query now."""
        matching = searching.primary_keys(self.get_object().query, COURSE)
        rows = with_runs(Course).filter(partner=partner(), pk__in=matching)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(
            CourseSerializer(page, many=True, context=self.get_serializer_context()).data
        )

    @action(detail=True)
    def contains(self, request: Request, pk: str = "") -> Response:
        """Tell for each key in `course_run_id` or `course_id` (comma-separated) if it matches."""
        query = self.get_object().query
        runs, courses = (
            [key for key in request.query_params.get(name, "").split(",") if key]
            for name in ("course_run_id", "course_id")
        )
        held = set()
        if runs:
            matching = searching.primary_keys(query, COURSE_RUN)
            held |= set(CourseRun.objects.filter(pk__in=matching).values_list("key", flat=True))
        if courses:
            matching = searching.primary_keys(query, COURSE)
            held |= set(Course.objects.filter(pk__in=matching).values_list("key", flat=True))
        return Response({"courses": {key: key in held for key in [*runs, *courses]}})
