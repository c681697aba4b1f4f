from functools import cache

from django.conf import settings
from elasticsearch import Elasticsearch


@cache
def search_server() -> Elasticsearch:
    """The client that everything here uses; it keeps its connections."""
    return Elasticsearch(settings.ELASTICSEARCH_URL, timeout=settings.SEARCH_TIMEOUT, max_retries=0)
