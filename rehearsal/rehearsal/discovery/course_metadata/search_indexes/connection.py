from functools import cache

from django.conf import settings
from elasticsearch import Elasticsearch


@cache
def search_server() -> Elasticsearch:
    """Return the shared client of the search server, which keeps its connections."""
    return Elasticsearch(settings.ELASTICSEARCH_URL, timeout=settings.SEARCH_TIMEOUT, max_retries=0)
