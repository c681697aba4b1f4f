"""Command lines of the services' shells."""

import pytest

from ocim.catalog.releases import NAMES, Release, traits
from ocim.catalog.steps.shells import manage
from ocim.core.instance import Service


def line(service: Service, release: str) -> str:
    return manage(service, "shell", traits(Release.of(release)))


@pytest.mark.parametrize("release", NAMES)
def test_commands_need_nothing_of_the_directory_of_links_whose_content_depends_on_the_release(
    release: str,
) -> None:
    lines = [line(service, release) for service in Service]
    assert not [text for text in lines if "/edx/bin" in text]
    assert line(Service.ECOMMERCE, release) == (
        "cd /edx/app/ecommerce/ecommerce && . /edx/app/ecommerce/ecommerce_env &&"
        " exec /edx/app/ecommerce/venvs/ecommerce/bin/python ./manage.py shell"
    )


@pytest.mark.parametrize(
    "release, settings",
    [("ginkgo", "aws"), ("hawthorn", "aws"), ("ironwood", "production"), ("ulmo", "production")],
)
def test_the_settings_of_lms_and_studio_are_those_of_the_release(
    release: str, settings: str
) -> None:
    for service, variant in ((Service.LMS, "lms"), (Service.STUDIO, "cms")):
        assert f"./manage.py {variant} --settings={settings} shell" in line(service, release)
