"""The settings that the page on Tutor shows."""

from ocim.catalog.releases import Release, traits
from ocim.catalog.tutor.checks import faults
from ocim.catalog.tutor.known import MAJORS, PLUGINS
from ocim.catalog.tutor.operators import warnings
from ocim.core.places import ROOT
from ocim.parsing.extra_settings import check_extra_settings
from tests.catalog.tutor.examples import tutors

PAGE = (ROOT / "docs/how-to/tutor.md").read_text()


def test_the_example_of_settings_is_right() -> None:
    example = PAGE.partition("```yaml\n")[2].partition("```")[0]
    variables = tutors(dict(check_extra_settings(example)))
    assert faults(variables, 21, allowed=PLUGINS[21]) == []
    assert list(warnings(variables, 21)) == []


def test_the_table_of_releases_is_the_codes() -> None:
    for name in ("sumac", "teak", "ulmo", "verawood"):
        major = traits(Release.of(name)).tutor
        assert major in MAJORS
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {name} |")]
        plugins = row.split("|")[3].strip()
        assert row.split("|")[2].strip() == str(major)
        assert plugins == "the same" or plugins == ", ".join(PLUGINS[major])
