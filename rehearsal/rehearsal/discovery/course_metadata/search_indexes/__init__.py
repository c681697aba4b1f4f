"""The search indexes, with the names of the real service that Ocim's programs use.

Up to koa the real module has a CourseRunIndex; since lilac `documents` has a CourseRunDocument.
"""

from typing import Any

from django.conf import settings


def __getattr__(name: str) -> Any:
    if name == "CourseRunIndex" and settings.RELEASE.before("lilac"):
        from rehearsal.discovery.course_metadata.search_indexes import documents  # noqa: PLC0415

        return documents.CourseRunIndex
    raise AttributeError(name)
