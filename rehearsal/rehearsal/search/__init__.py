"""A small search server: the part of Elasticsearch 7's REST interface that discovery uses."""
