"""Search in the API: pages of results, facets, and completions of titles."""

from typing import Any, ClassVar

from django.core.paginator import InvalidPage, Paginator
from elasticsearch import ElasticsearchException, NotFoundError, RequestError
from elasticsearch_dsl import A
from rest_framework.exceptions import APIException, NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from rehearsal.discovery.core.partners import lms_root, partner
from rehearsal.discovery.course_metadata.search_indexes.documents import (
    COURSE,
    COURSE_RUN,
    KINDS,
    PROGRAM,
    Kind,
)
from rehearsal.discovery.course_metadata.search_indexes.searching import (
    FACETS,
    FILTERS,
    begun,
    search_for,
)

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
TYPED = 10


class SearchUnavailable(APIException):
    status_code = 503
    default_detail = "The search server does not answer."


class SearchView(APIView):
    """Search for `q`, in the query language. Parameters with the names of fields narrow it."""

    kinds: ClassVar[tuple[Kind, ...]] = KINDS

    def get(self, request: Request) -> Response:
        return Response(self.page(request, self.search(request)))

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, RequestError):
            exc = ParseError(f"The query is not understood: {reason_of(exc)}")
        elif isinstance(exc, NotFoundError):
            exc = SearchUnavailable("The search index does not exist: run update_index.")
        elif isinstance(exc, ElasticsearchException):
            exc = SearchUnavailable()
        return super().handle_exception(exc)

    def search(self, request: Request) -> Any:
        query = request.query_params
        filters = {name: query.getlist(name) for name in FILTERS if name in query}
        for facet in query.getlist("selected_facets"):
            name, _, value = facet.partition(":")
            field = name.removesuffix("_exact")
            if field not in FACETS:
                raise ParseError(f"The selected facet [{facet}] is not valid.")
            filters.setdefault(field, []).append(value)
        return search_for(query.get("q", ""), *self.kinds, filters=filters)

    def page(self, request: Request, search: Any) -> dict[str, Any]:
        """Return `{count, next, previous, results}`. Refuse (404) a page past the last."""
        query = request.query_params
        try:
            size = min(max(int(query.get("page_size") or PAGE_SIZE), 1), MAX_PAGE_SIZE)
            number = int(query.get("page") or 1)
        except ValueError as error:
            raise NotFound("Invalid page.") from error
        if number < 1:
            raise NotFound("Invalid page.")
        matches = search[(number - 1) * size : number * size].execute()
        count = matches.hits.total.value
        try:
            page = Paginator(range(count), size).page(number)
        except InvalidPage as error:
            raise NotFound("Invalid page.") from error
        address = request.build_absolute_uri()
        following = replace_query_param(address, "page", number + 1)
        before = replace_query_param(address, "page", number - 1)
        if number == 2:  # noqa: PLR2004 (the first page needs no number)
            before = remove_query_param(address, "page")
        root = lms_root(partner())
        return {
            "count": count,
            "next": following if page.has_next() else None,
            "previous": before if page.has_previous() else None,
            "results": [result(hit.to_dict(), root) for hit in matches],
        }


def reason_of(error: RequestError) -> str:
    """Return the reason for which the search server refused a request."""
    info: Any = error.info
    return str(info["error"]["reason"])


def result(document: dict[str, Any], root: str) -> dict[str, Any]:
    """Return a document for the API: without fields that are for searching only."""
    shown = {name: value for name, value in document.items() if name != "title_suggest"}
    if document["content_type"] == "courserun":
        shown["marketing_url"] = f"{root}/courses/{document['key']}/about"
    return shown


class CourseSearchView(SearchView):
    kinds = (COURSE,)


class CourseRunSearchView(SearchView):
    kinds = (COURSE_RUN,)


class FacetView(SearchView):
    """Search results with facets: the number of results per value of some fields."""

    def get(self, request: Request) -> Response:
        search = self.search(request)
        for name in FACETS:
            search.aggs.bucket(name, A("terms", field=name, size=100))
        matches = search[:0].execute()
        address = request.build_absolute_uri()
        fields = {
            name: [
                {
                    "text": bucket.key,
                    "count": bucket.doc_count,
                    "narrow_url": narrowed(address, name, bucket.key),
                }
                for bucket in matches.aggregations[name].buckets
            ]
            for name in FACETS
        }
        return Response({"objects": self.page(request, search), "fields": fields, "queries": {}})


def narrowed(address: str, name: str, value: str) -> str:
    return replace_query_param(
        remove_query_param(address, "page"), "selected_facets", f"{name}_exact:{value}"
    )


class TypeaheadView(SearchView):
    """Course runs and programs with words that complete the text typed so far."""

    def get(self, request: Request) -> Response:
        text = request.query_params.get("q", "").strip()
        if not text:
            raise ParseError("The 'q' querystring parameter is required for searching.")
        root = lms_root(partner())
        return Response(
            {
                "course_runs": [
                    {
                        "key": document["key"],
                        "title": document["title"],
                        "orgs": document["organizations"],
                        "marketing_url": f"{root}/courses/{document['key']}/about",
                    }
                    for document in begun(text, COURSE_RUN, size=TYPED)
                ],
                "programs": [
                    {
                        name: document.get(name)
                        for name in ("uuid", "title", "type", "organizations")
                    }
                    for document in begun(text, PROGRAM, size=TYPED)
                ],
            }
        )
