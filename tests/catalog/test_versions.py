"""Versions of the services beside the LMS, on releases that differ."""

import pytest

from ocim.catalog.variables.versions import versions
from tests.catalog.instances import full, instance, variables


@pytest.mark.parametrize(
    "release, name, reference",
    [
        ("open-release/ginkgo.2", "xqueue_version", "open-release/ginkgo.2"),
        ("open-release/hawthorn.2", "XQUEUE_VERSION", "open-release/hawthorn.2"),
        ("open-release/ironwood.2", "forum_version", "open-release/ironwood.2"),
        ("juniper.2", "FORUM_VERSION", "open-release/juniper.2"),
        ("open-release/juniper.3", "NOTIFIER_VERSION", "open-release/juniper.3"),
        ("open-release/koa.3", "MFE_DEPLOY_VERSION", "open-release/koa.3"),
        ("open-release/lilac.3", "CERTS_VERSION", "open-release/lilac.3"),
        ("open-release/quince.2", "ANALYTICS_API_VERSION", "open-release/quince.2"),
        ("open-release/quince.3", "ANALYTICS_API_VERSION", "open-release/quince.master"),
        ("open-release/quince.3", "INSIGHTS_VERSION", "open-release/quince.3"),
        ("open-release/redwood.3", "FORUM_VERSION", "open-release/redwood.master"),
        ("open-release/redwood.3", "XQUEUE_VERSION", "open-release/redwood.3"),
        ("release/ulmo.1", "XQUEUE_VERSION", "release/teak"),
        ("release/ulmo.1", "MFE_DEPLOY_VERSION", "release/ulmo.1"),
        ("master", "FORUM_VERSION", "master"),
    ],
)
def test_each_service_gets_the_tag_of_the_release_or_its_repositorys_last_branch(
    release: str, name: str, reference: str
) -> None:
    assert variables(full(openedx_release=release, edx_platform_commit=""))[name] == reference


def test_an_operators_own_version_goes_before() -> None:
    own = variables(full(), FORUM_VERSION="our-branch")
    assert own["FORUM_VERSION"] == "our-branch"


def test_the_built_in_playbooks_get_none_of_these_versions() -> None:
    assert versions(instance(configuration_source_repo_url="builtin")) == {}


@pytest.mark.parametrize("release", ["ginkgo.2", "hawthorn.2", "ironwood.2"])
def test_no_one_is_made_with_upstreams_public_password(release: str) -> None:
    own = variables(full(openedx_release=f"open-release/{release}", edx_platform_commit=""))
    assert (own["DEMO_CREATE_STAFF_USER"], own["demo_test_users"]) == (False, [])
