"""Generated variables against the names of upstream's playbooks, read from its tags."""

from pathlib import Path

import pytest
import yaml

from ocim.catalog.releases import NAMES
from ocim.catalog.variables.versions import LEFT
from tests.catalog.instances import BOTH, MIGRATED, RABBITMQ, SEARCH, full, variables

RECORD = yaml.safe_load(Path(__file__).with_name("upstream_names.yml").read_text())
UPSTREAMS = NAMES[: NAMES.index("quince") + 1]
"""Names of the releases that upstream has playbooks for."""
RELEASES = UPSTREAMS[NAMES.index("juniper") :]

HARMLESS = frozenset(
    {
        # Accounts that these playbooks neither create nor use.
        "COMMON_ANALYTICS_MYSQL_READ_ONLY_PASS",
        "EDXAPP_MYSQL_PASSWORD_ADMIN",
        "EDXAPP_MYSQL_PASSWORD_READ_ONLY",
        # Parts of settings that Ocim sets as a whole.
        "ECOMMERCE_BROKER_PASSWORD",
        "ECOMMERCE_WORKER_BROKER_PASSWORD",
        "ECOMMERCE_WORKER_SAILTHRU_SECRET",
        "ECOMMERCE_WORKER_WORKER_ACCESS_TOKEN",
        # Placeholders for an operator's own account elsewhere, which open nothing.
        "ECOMMERCE_CYBERSOURCE_ACCESS_KEY",
        "ECOMMERCE_CYBERSOURCE_SECRET_KEY",
        "ECOMMERCE_CYBERSOURCE_SOP_ACCESS_KEY",
        "ECOMMERCE_CYBERSOURCE_SOP_SECRET_KEY",
        "ECOMMERCE_CYBERSOURCE_TRANSACTION_KEY",
        "ECOMMERCE_PAYPAL_CLIENT_SECRET",
        "ECOMMERCE_SAILTHRU_SECRET",
        "EDXAPP_FACEBOOK_APP_SECRET",
        "EDXAPP_YOUTUBE_API_KEY",
        "NOTIFIER_DD_API_KEY",
    }
)


def recorded(kind: str, release: str) -> set[str]:
    """Return the recorded names of the release."""
    position = NAMES.index(release)
    spans = {name: [*map(NAMES.index, span.split())] for name, span in RECORD[kind].items()}
    return {name for name, (first, last) in spans.items() if first <= position <= last}


def generated(release: str) -> set[str]:
    """Return the names that Ocim sets for an instance with both services on shared servers."""
    return set(
        variables(
            full(
                services=BOTH,
                openedx_release=f"open-release/{release}.2",
                edx_platform_commit="",
                databases=MIGRATED,
                broker=RABBITMQ,
                search=SEARCH,
            )
        )
    )


@pytest.mark.parametrize("release", RELEASES)
def test_upstream_knows_all_that_is_generated_but_the_name_of_the_release(release: str) -> None:
    assert generated(release) - recorded("known", release) == {"openedx_release"}


@pytest.mark.parametrize("release", RELEASES)
def test_no_public_default_of_a_secret_stays_in_force(release: str) -> None:
    assert recorded("public_secrets", release) - generated(release) <= HARMLESS


def test_every_harmless_default_is_recorded() -> None:
    assert set(RECORD["public_secrets"]) >= HARMLESS


@pytest.mark.parametrize("release", UPSTREAMS)
def test_no_service_stays_at_a_branch_that_moves_without_a_reason(release: str) -> None:
    moving = recorded("moving", release)
    assert moving - generated(release) == moving & set(LEFT)


@pytest.mark.parametrize("release", UPSTREAMS)
def test_each_release_gets_the_versions_that_its_playbooks_know(release: str) -> None:
    versions = {name for name in generated(release) if name.lower().endswith("_version")}
    assert versions <= recorded("moving", release)


def test_every_version_that_is_left_at_a_branch_is_recorded() -> None:
    assert set(RECORD["moving"]) >= set(LEFT)
