"""Types of variables, held against what upstream's own roles and plays set."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ocim.catalog.variables.known import TYPES
from ocim.catalog.variables.types import fits

UPSTREAM = yaml.safe_load(Path(__file__).with_name("upstream_defaults.yml").read_text())


@pytest.mark.parametrize("name", UPSTREAM)
def test_every_default_of_upstream_fits_its_variable(name: str) -> None:
    assert [value for value in UPSTREAM[name] if not fits(value, TYPES[name], name)] == []


@pytest.mark.parametrize("value", [0, "/0", "{{ number }}"])
def test_the_virtual_host_may_be_the_number_of_a_database(value: Any) -> None:
    name = "EDXAPP_CELERY_BROKER_VHOST"
    assert fits(value, TYPES[name], name)


@pytest.mark.parametrize("name", ["EDXAPP_LMS_BASE", "EDXAPP_LMS_ENV_EXTRA", "CONFIGURE_JWTS"])
def test_null_does_not_fit_what_upstream_always_sets(name: str) -> None:
    assert not fits(None, TYPES[name], name)
