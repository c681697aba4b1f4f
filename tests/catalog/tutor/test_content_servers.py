"""Accounts on content servers, from an instance to Tutor's settings."""

from typing import Any

import pytest

from ocim.catalog.tutor.checks import faults
from ocim.catalog.tutor.configuration import configuration
from ocim.catalog.tutor.operators import warnings
from ocim.catalog.variables.effective import OPERATOR, effective
from ocim.core.content import ContentAccount
from ocim.core.instance import ALWAYS
from ocim.core.provisioning import TUTOR
from ocim.core.secrets import Secret
from ocim.core.variables import Layer
from tests.catalog.instances import MYSQL, REDIS, SEED, full
from tests.catalog.tutor.examples import keys

MONGODB = ContentAccount(
    "mongodb://mongo.internal:27018", "mongo.internal", 27018, True, "campus", "openedx_1",
    Secret("word"),
)  # fmt: skip
MEILISEARCH = ContentAccount(
    "https://meili.internal:443", "meili.internal", 443, True, "campus_", "uid", Secret("key")
)


def variables(written: dict[str, Any]) -> dict[str, Any]:
    instance = full(
        openedx_release="release/ulmo.3",
        edx_platform_commit="release/ulmo.3",
        configuration_source_repo_url=TUTOR,
        broker=REDIS,
        databases=MYSQL,
        services=ALWAYS,
        mongodb=MONGODB,
        meilisearch=MEILISEARCH,
    )
    return effective(instance, [Layer(OPERATOR, written)], seed=SEED, jwt_keys=keys()).values


def test_tutor_is_configured_with_the_instances_accounts() -> None:
    values = variables({})
    assert faults(values, 21, allowed=("mfe", "indigo")) == []
    made = configuration(values, project="campus", address="127.0.0.2")
    assert {name: made[name] for name in made if name.startswith("MONGODB")} == {
        "MONGODB_HOST": "mongo.internal",
        "MONGODB_PORT": 27018,
        "MONGODB_USE_SSL": True,
        "MONGODB_DATABASE": "campus",
        "MONGODB_AUTH_SOURCE": "campus",
        "MONGODB_USERNAME": "openedx_1",
        "MONGODB_PASSWORD": Secret("word"),
    }
    assert made["MEILISEARCH_URL"] == made["MEILISEARCH_PUBLIC_URL"] == "https://meili.internal:443"
    assert (made["MEILISEARCH_API_KEY_UID"], made["MEILISEARCH_INDEX_PREFIX"]) == ("uid", "campus_")
    assert made["MEILISEARCH_API_KEY"] == Secret("key")


@pytest.mark.parametrize("major", [19, 20, 21, 22])
def test_every_tutor_knows_these_settings(major: int) -> None:
    assert list(warnings(variables({}), major)) == []


def test_operators_set_more_for_the_same_server() -> None:
    made = variables({"TUTOR_MONGODB_REPLICA_SET": "main"})
    assert (made["TUTOR_MONGODB_HOST"], made["TUTOR_MONGODB_USERNAME"]) == (
        "mongo.internal", "openedx_1",
    )  # fmt: skip


def test_another_server_does_not_get_the_instances_account() -> None:
    made = variables({"TUTOR_MONGODB_HOST": "other.internal"})
    assert {name for name in made if name.startswith("TUTOR_MONGODB")} == {"TUTOR_MONGODB_HOST"}
    assert made["TUTOR_MEILISEARCH_API_KEY"] == Secret("key")
    made = variables({"TUTOR_MEILISEARCH_URL": "https://other.internal"})
    assert "TUTOR_MEILISEARCH_API_KEY" not in made
