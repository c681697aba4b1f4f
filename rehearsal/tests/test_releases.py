import pytest

from rehearsal.common.releases import NAMES, parse


@pytest.mark.parametrize(
    "version, name",
    [
        ("opencraft-release/ironwood.2", "ironwood"),
        ("open-release/juniper.2", "juniper"),
        ("juniper.2", "juniper"),
        ("open-release/ginkgo.master", "ginkgo"),
        ("release/sumac.1", "sumac"),
        ("master", NAMES[-1]),
        ("a1b2c3d", NAMES[-1]),
    ],
)
def test_a_tag_or_branch_names_its_release(version: str, name: str) -> None:
    release = parse(version)
    assert (release.name, release.version) == (name, version)


@pytest.mark.parametrize("name, openid", [("ironwood", True), ("juniper", False)])
def test_openid_connect_ended_with_ironwood(name: str, openid: bool) -> None:
    assert parse(name).openid_connect is openid


@pytest.mark.parametrize(
    "name, field",
    [("ginkgo", "single_course_checkout_page"), ("hawthorn", "basket_checkout_page")],
)
def test_the_checkout_page_was_renamed_after_ginkgo(name: str, field: str) -> None:
    assert parse(name).checkout_page_field == field


def test_the_thumbnail_table_came_without_a_migration_until_juniper() -> None:
    assert parse("ironwood.2").unmigrated_apps == ("thumbnail",)
    assert parse("juniper.2").unmigrated_apps == ()
