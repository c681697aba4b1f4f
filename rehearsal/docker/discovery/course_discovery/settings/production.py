"""The rehearsal's settings, and the names that Tutor's settings of discovery change."""

import os
from typing import Any

from rehearsal.common import releases
from rehearsal.discovery.search_settings import DOCUMENTS
from rehearsal.discovery.settings import *  # noqa: F403

RELEASE = releases.parse(os.environ["REHEARSAL_RELEASE"])
ELASTICSEARCH_DSL: dict[str, Any] = {"default": {"hosts": "http://127.0.0.1:9200/"}}
ELASTICSEARCH_INDEX_NAMES = {
    f"{DOCUMENTS}{kind}": kind
    for kind in ("course", "course_run", "learner_pathway", "person", "program")
}
PARLER_LANGUAGES: dict[Any, Any] = {1: [{"code": "en"}], "default": {"fallbacks": ["en"]}}
JWT_AUTH: dict[str, Any] = {}
LOGGING["handlers"]["local"] = {"class": "logging.NullHandler"}  # noqa: F405
