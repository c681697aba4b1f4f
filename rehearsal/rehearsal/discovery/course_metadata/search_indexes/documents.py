"""Documents in the search server: one for each course, run and program."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from rehearsal.discovery.course_metadata.models import Course, CourseRun, Program

KEYWORD = {"type": "keyword"}
TEXT = {"type": "text", "analyzer": "stripped"}
TITLE = {
    "type": "text",
    "analyzer": "alike",
    "fields": {
        "raw": {"type": "keyword", "normalizer": "folded"},
        "typed": {"type": "text", "analyzer": "typed", "search_analyzer": "standard"},
        "whole": {"type": "text", "analyzer": "whole"},
    },
}
# The real documents need of the search server all that is in here.
SETTINGS: dict[str, Any] = {
    "number_of_shards": 1,
    "number_of_replicas": 1,
    "blocks": {"read_only_allow_delete": None},
    "analysis": {
        "filter": {
            "others": {"type": "synonym", "synonyms": ["maths, mathematics"]},
            "starts": {"type": "edge_ngram", "min_gram": 2, "max_gram": 22},
        },
        "analyzer": {
            "stripped": {
                "type": "custom",
                "tokenizer": "standard",
                "char_filter": ["html_strip"],
                "filter": ["lowercase", "stop", "snowball"],
            },
            "alike": {
                "type": "custom",
                "tokenizer": "standard",
                "filter": ["lowercase", "others", "snowball"],
            },
            "typed": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "starts"]},
            "whole": {"type": "custom", "tokenizer": "keyword", "filter": ["lowercase"]},
        },
        "normalizer": {"folded": {"type": "custom", "filter": ["lowercase"]}},
    },
}
PROPERTIES: dict[str, dict[str, Any]] = {
    "content_type": KEYWORD,
    "partner": KEYWORD,
    "uuid": KEYWORD,
    "key": {"type": "keyword", "fields": {"text": {"type": "text"}}},
    "title": TITLE,
    "title_suggest": {"type": "completion"},
    "short_description": TEXT,
    "subtitle": TEXT,
    "organizations": {"type": "keyword", "fields": {"text": {"type": "text"}}},
    "org": KEYWORD,
    "number": KEYWORD,
    "course_runs": KEYWORD,
    "courses": KEYWORD,
    "start": {"type": "date"},
    "end": {"type": "date"},
    "enrollment_start": {"type": "date"},
    "enrollment_end": {"type": "date"},
    "availability": KEYWORD,
    "pacing_type": KEYWORD,
    "type": KEYWORD,
    "status": KEYWORD,
    "seat_types": KEYWORD,
    "skus": KEYWORD,
    "mobile_available": {"type": "boolean"},
    "hidden": {"type": "boolean"},
    "image_url": KEYWORD,
    "skills": {"type": "nested", "properties": {"name": KEYWORD}},
}


@dataclass(frozen=True)
class Kind:
    """A kind of document: its name, and how documents are made of rows."""

    name: str
    rows: Callable[[], QuerySet[Any]]
    document: Callable[[Any], dict[str, Any]]

    @property
    def identifier(self) -> str:
        """Prefix of the documents' ids."""
        return f"course_metadata.{self.name.replace('_', '')}"


def course_document(course: Course) -> dict[str, Any]:
    org, _, number = course.key.partition("+")
    runs = course.course_runs.all()
    return {
        "content_type": "course",
        "partner": course.partner.short_code,
        "uuid": str(course.uuid),
        "key": course.key,
        "title": course.title,
        "title_suggest": [course.title],
        "short_description": course.short_description,
        "organizations": [
            str(organization) for organization in course.authoring_organizations.all()
        ],
        "org": org,
        "number": number,
        "course_runs": [run.key for run in runs],
        "seat_types": sorted({seat.type for run in runs for seat in run.seats.all()}),
        "image_url": course.card_image_url,
    }


def run_document(run: CourseRun) -> dict[str, Any]:
    seats = run.seats.all()
    return {
        **course_document(run.course),
        "content_type": "courserun",
        "uuid": str(run.uuid),
        "key": run.key,
        "courses": [run.course.key],
        "course_runs": [run.key],
        "title": run.title,
        "title_suggest": [run.title],
        "short_description": run.short_description,
        **{name: getattr(run, name) for name in ("start", "end")},
        **{name: getattr(run, name) for name in ("enrollment_start", "enrollment_end")},
        "availability": run.availability,
        "pacing_type": run.pacing_type,
        "type": run.type,
        "seat_types": sorted({seat.type for seat in seats}),
        "skus": [seat.sku for seat in seats if seat.sku],
        "mobile_available": run.mobile_available,
        "hidden": run.hidden,
        "image_url": run.card_image_url,
    }


def program_document(program: Program) -> dict[str, Any]:
    courses = list(program.courses.all())
    organizations = {
        str(organization)
        for course in courses
        for organization in course.authoring_organizations.all()
    }
    return {
        "content_type": "program",
        "partner": program.partner.short_code,
        "uuid": str(program.uuid),
        "title": program.title,
        "title_suggest": [program.title],
        "subtitle": program.subtitle,
        "type": program.type,
        "status": program.status,
        "organizations": sorted(organizations),
        "org": sorted({course.key.partition("+")[0] for course in courses}),
        "courses": [course.key for course in courses],
    }


COURSE = Kind(
    "course",
    lambda: Course.objects.select_related("partner").prefetch_related(
        "authoring_organizations", "course_runs__seats"
    ),
    course_document,
)


class CourseRunDocument:
    """The document of a course run, as far as Ocim asks for it."""

    def get_queryset(self) -> QuerySet[CourseRun]:
        """Return the runs that are indexed: since juniper only those with seats.

        The real service gives a run without seats the type *Empty*, which cannot be marketed.
        """
        runs = CourseRun.objects.all()
        if not settings.RELEASE.before("juniper"):
            runs = runs.filter(seats__isnull=False).distinct()
        return runs.select_related("course__partner").prefetch_related(
            "seats", "course__authoring_organizations", "course__course_runs__seats"
        )


class CourseRunIndex:
    """Index of course runs under the names of Haystack, which the real service has up to koa."""

    def index_queryset(self) -> QuerySet[CourseRun]:
        return CourseRunDocument().get_queryset()


COURSE_RUN = Kind("course_run", CourseRunDocument().get_queryset, run_document)
PROGRAM = Kind(
    "program",
    lambda: Program.objects.select_related("partner").prefetch_related(
        "courses__authoring_organizations"
    ),
    program_document,
)
PERSON = Kind("person", Program.objects.none, program_document)
"""Kind of which the rehearsal has no documents, but an index, as the next one."""
LEARNER_PATHWAY = Kind("learner_pathway", Program.objects.none, program_document)
KINDS = (COURSE, COURSE_RUN, PERSON, PROGRAM, LEARNER_PATHWAY)


def aliases() -> dict[str, tuple[Kind, ...]]:
    """Return this release's aliases, and the kinds of document behind each.

    Before lilac (haystack) there is an alias for all documents, since then one for each kind.
    """
    if settings.RELEASE.before("lilac"):
        return {settings.ELASTICSEARCH_INDEX_NAME: KINDS}
    names = settings.ELASTICSEARCH_INDEX_NAMES
    return {names[kind.name]: (kind,) for kind in KINDS if kind.name in names}


def alias_of(*kinds: Kind) -> str:
    """Return the aliases, comma-separated, with documents of these kinds."""
    return ",".join(
        alias for alias, contents in aliases().items() if any(kind in contents for kind in kinds)
    )


def actions(index: str, kinds: Iterable[Kind]) -> Iterable[dict[str, Any]]:
    """Yield the actions that fill an index, for the client's helper `bulk`."""
    for kind in kinds:
        for row in kind.rows():
            yield {
                "_index": index,
                "_id": f"{kind.identifier}.{row.pk}",
                "_source": kind.document(row),
            }
