"""Documents in the search server: one for each course, run and program."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from rehearsal.discovery.course_metadata.models import Course, CourseRun, Program

KEYWORD = {"type": "keyword"}
TEXT = {"type": "text", "analyzer": "html"}
TITLE = {"type": "text", "fields": {"raw": {"type": "keyword", "normalizer": "folded"}}}
SETTINGS = {
    "number_of_shards": 1,
    "number_of_replicas": 0,
    "analysis": {
        "analyzer": {
            "html": {
                "type": "custom",
                "tokenizer": "standard",
                "filter": ["lowercase"],
                "char_filter": ["html_strip"],
            }
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
COURSE_RUN = Kind(
    "course_run",
    lambda: CourseRun.objects.select_related("course__partner").prefetch_related(
        "seats", "course__authoring_organizations", "course__course_runs__seats"
    ),
    run_document,
)
PROGRAM = Kind(
    "program",
    lambda: Program.objects.select_related("partner").prefetch_related(
        "courses__authoring_organizations"
    ),
    program_document,
)
KINDS = (COURSE, COURSE_RUN, PROGRAM)


def aliases() -> dict[str, tuple[Kind, ...]]:
    """Return this release's aliases, and the kinds of document behind each.

    Before lilac (haystack) there is an alias for all documents, since then one for each kind.
    """
    name = settings.ELASTICSEARCH_INDEX_NAME
    if settings.RELEASE.before("lilac"):
        return {name: KINDS}
    return {f"{name}_{kind.name}": (kind,) for kind in KINDS}


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
