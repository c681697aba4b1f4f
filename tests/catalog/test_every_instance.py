"""Rules for the variables of every instance, whatever its release, services and servers."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ocim.catalog.releases import NAMES
from ocim.catalog.secrets.names import is_secret_name
from ocim.catalog.templates import is_template
from ocim.catalog.variables.effective import effective, layers
from ocim.catalog.variables.known import KNOWN
from ocim.catalog.variables.types import fits
from ocim.core.instance import ALWAYS, Instance, Search
from ocim.core.secrets import Secret, revealed, secret_texts
from ocim.core.variables import merge
from tests.catalog.instances import (
    BOTH,
    DATABASES,
    DISCOVERY,
    ECOMMERCE,
    KEYS,
    MYSQL,
    RABBITMQ,
    REDIS,
    REPOSITORY,
    SEARCH,
    SEED,
    full,
    variables,
)

INSTANCES = st.builds(
    full,
    services=st.sampled_from([ALWAYS, ECOMMERCE, DISCOVERY, BOTH]),
    openedx_release=st.sampled_from([f"open-release/{name}.1" for name in NAMES]),
    edx_platform_commit=st.sampled_from(["", "0" * 40, "master"]),
    databases=st.sampled_from([MYSQL, DATABASES]),
    broker=st.sampled_from([None, RABBITMQ, REDIS]),
    search=st.sampled_from([None, SEARCH, Search("http://search:9200/", "x_")]),
    configuration_source_repo_url=st.sampled_from(["builtin", REPOSITORY]),
    public_port=st.sampled_from([443, 8443]),
)


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for below in value.values() for text in texts(below)]
    if isinstance(value, list):
        return [text for below in value for text in texts(below)]
    return [value] if isinstance(value, str) else []


@given(INSTANCES)
def test_every_variable_is_documented_of_its_type_and_no_template(of: Instance) -> None:
    for name, value in variables(of).items():
        assert fits(value, KNOWN[name].kind), name
        assert not any(map(is_template, texts(revealed(value)))), name


@given(INSTANCES)
def test_layers_have_names_of_their_own_and_share_no_variable(of: Instance) -> None:
    result = layers(of, seed=SEED, jwt_keys=KEYS)
    paths = [leaf.path for layer in result for leaf in merge([layer]).leaves]
    assert len(paths) == len(set(paths))
    assert len({layer.name for layer in result}) == len(result)


ACCOUNTS = {"lms", "edxapp", "cs_comments_service", "readWrite"}
"""Public parts of lists of accounts."""


@given(INSTANCES)
def test_what_has_the_name_of_a_secret_is_one_or_empty(of: Instance) -> None:
    for name, value in variables(of).items():
        if is_secret_name(name) and value != Secret(""):
            assert set(texts(value)) <= ACCOUNTS, name
            assert list(secret_texts(value)), name


@given(INSTANCES, st.integers(min_value=1).map(lambda number: b"seed %d" % number))
def test_no_secret_of_one_instance_is_one_of_another(of: Instance, seed: bytes) -> None:
    of_another = effective(of, [], seed=seed, jwt_keys=KEYS)
    shared = secret_texts(variables(of)) & secret_texts(of_another.values)
    # Those that come with the instance rather than from its seed.
    assert {text for text in shared if "pw" not in text and "p%2Fw" not in text} <= {
        KEYS.private_jwk.reveal()
    }
