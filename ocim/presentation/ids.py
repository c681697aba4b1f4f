"""Ids in addresses of pages and of the API."""

from django.urls import register_converter
from django.urls.converters import IntConverter

from ocim.core.fleet_filter import LONGEST_ID

ID = f"[0-9]{{1,{LONGEST_ID}}}"
"""Matches every key that a row of a database can have; longer numbers are nothing's address."""


class IdConverter(IntConverter):
    regex = ID


register_converter(IdConverter, "id")
