"""Catalogue page: all courses that learners may choose from."""

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from elasticsearch import ElasticsearchException, RequestError

from rehearsal.discovery.core.partners import lms_root, partner
from rehearsal.discovery.course_metadata.models import CourseRun, Organization
from rehearsal.discovery.course_metadata.search_indexes import searching
from rehearsal.discovery.course_metadata.search_indexes.documents import COURSE_RUN

PAGE_SIZE = 24


def catalogue(request: HttpRequest) -> HttpResponse:
    """Show course runs as cards; `q` searches them, `org` narrows them."""
    owner = partner()
    text, org = request.GET.get("q", "").strip(), request.GET.get("org", "")
    runs, problem = matching(text, visible())
    chosen = runs.filter(course__authoring_organizations__key=org) if org else runs
    context = {
        "page": Paginator(chosen, PAGE_SIZE).get_page(request.GET.get("page")),
        "organizations": Organization.objects.filter(
            partner=owner, authored_courses__course_runs__in=visible()
        ).distinct(),
        "q": text,
        "org": org,
        "problem": problem,
        "lms": lms_root(owner),
    }
    return render(request, "discovery/catalogue.html", context)


def visible() -> QuerySet[CourseRun]:
    return (
        CourseRun.objects.filter(course__partner=partner(), hidden=False)
        .select_related("course")
        .prefetch_related("seats", "course__authoring_organizations")
        .order_by("title", "key")
    )


def matching(text: str, runs: QuerySet[CourseRun]) -> tuple[QuerySet[CourseRun], str]:
    """Return the runs that match `text`, and a message if the search failed."""
    if not text:
        return runs, ""
    try:
        return runs.filter(pk__in=searching.primary_keys(text, COURSE_RUN)), ""
    except RequestError:
        return runs.none(), "The search does not understand this query."
    except ElasticsearchException:
        return runs, "The search is not available just now: these are all courses."
