"""The search engine of the platform, as far as Tutor calls it."""

from django.conf import settings
from meilisearch import Client

INDEXES = ("course_info", "courseware_content")


def create_indexes() -> None:
    """Create the indexes of the LMS with the key that Tutor configures; those that exist stay."""
    client = Client(settings.MEILISEARCH_URL, settings.MEILISEARCH_API_KEY)
    for name in INDEXES:
        task = client.create_index(f"{settings.MEILISEARCH_INDEX_PREFIX}{name}")
        client.wait_for_task(task.task_uid)
