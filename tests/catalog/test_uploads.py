"""Places of uploads, as an instance's variables say."""

from typing import Any

import pytest

from ocim.catalog.releases import NAMES, Release
from ocim.catalog.variables.uploads import followed, lacking_classes, places
from ocim.core.instance import ALWAYS, Service

S3 = "storages.backends.s3boto.S3BotoStorage"
S3_3 = "storages.backends.s3boto3.S3Boto3Storage"
PICTURES = "EDXAPP_PROFILE_IMAGE_BACKEND"
KEYS = ("EDXAPP_AWS_ACCESS_KEY_ID", "EDXAPP_AWS_SECRET_ACCESS_KEY")
DIRECTORY = {"edxapp_media_dir": "/srv/storage/a/edxapp/media"}
DISCOVERY = {
    "DISCOVERY_MEDIA_STORAGE_BACKEND": {
        "DEFAULT_FILE_STORAGE": "django.core.files.storage.FileSystemStorage",
        "MEDIA_ROOT": "/srv/storage/a/discovery/media",
    }
}


@pytest.mark.parametrize(
    "values, place",
    [
        ({}, "directory /srv/storage/a/edxapp/media"),
        (
            {"EDXAPP_DEFAULT_FILE_STORAGE": S3, "EDXAPP_AWS_STORAGE_BUCKET_NAME": "campus"},
            "S3 bucket campus",
        ),
        (
            {
                "EDXAPP_DEFAULT_FILE_STORAGE": "swift.storage.SwiftStorage",
                "EDXAPP_SWIFT_AUTH_URL": "https://keystone.example.com/v3",
            },
            "Swift at https://keystone.example.com/v3",
        ),
        ({"EDXAPP_DEFAULT_FILE_STORAGE": "mine.Storage"}, "mine.Storage"),
    ],
)
def test_uploads_of_the_lms_go_where_its_variables_say(values: dict[str, Any], place: str) -> None:
    assert places(ALWAYS, DIRECTORY | DISCOVERY | values) == [f"LMS and studio: {place}"]


def test_discovery_has_a_place_of_its_own() -> None:
    services = ALWAYS | {Service.DISCOVERY}
    assert places(services, DIRECTORY | DISCOVERY)[1:] == [
        "discovery: directory /srv/storage/a/discovery/media"
    ]
    bucket = {"DEFAULT_FILE_STORAGE": S3, "AWS_STORAGE_BUCKET_NAME": "catalogue"}
    in_s3 = DIRECTORY | {"DISCOVERY_MEDIA_STORAGE_BACKEND": bucket}
    assert places(services, in_s3)[1:] == ["discovery: S3 bucket catalogue"]


def test_pictures_follow_other_uploads_to_s3_and_what_is_left_out_is_empty() -> None:
    assert followed({"EDXAPP_DEFAULT_FILE_STORAGE": S3}) == {
        PICTURES: {"class": S3, "options": {"location": "profile-images"}},
        "EDXAPP_AWS_S3_CUSTOM_DOMAIN": "",
        **dict.fromkeys(KEYS, ""),
    }


def test_pictures_follow_other_uploads_to_swift() -> None:
    swift = "swift.storage.SwiftStorage"
    assert followed({"EDXAPP_DEFAULT_FILE_STORAGE": swift}) == {
        PICTURES: {"class": swift, "options": {}}
    }


def test_the_operators_own_settings_are_left_as_they_are() -> None:
    own = dict.fromkeys((PICTURES, "EDXAPP_AWS_S3_CUSTOM_DOMAIN", *KEYS), "mine")
    assert followed({"EDXAPP_DEFAULT_FILE_STORAGE": S3, **own}) == {}
    assert followed({"EDXAPP_AWS_STORAGE_BUCKET_NAME": "campus"}) == {}


@pytest.mark.parametrize(
    "values, first, last",
    [
        ({"EDXAPP_DEFAULT_FILE_STORAGE": S3}, "ginkgo", "palm"),
        ({"EDXAPP_DEFAULT_FILE_STORAGE": S3_3}, "juniper", "verawood"),
        ({PICTURES: {"class": S3}}, "ginkgo", "palm"),
        ({"DISCOVERY_MEDIA_STORAGE_BACKEND": {"DEFAULT_FILE_STORAGE": S3}}, "ginkgo", "juniper"),
        ({"DISCOVERY_MEDIA_STORAGE_BACKEND": {"DEFAULT_FILE_STORAGE": S3_3}}, "koa", "verawood"),
    ],
)
def test_releases_that_lack_a_class_are_known(
    values: dict[str, Any], first: str, last: str
) -> None:
    lacking = [name for name in NAMES if list(lacking_classes(values, Release.of(name)))]
    assert lacking == [*NAMES[: NAMES.index(first)], *NAMES[NAMES.index(last) + 1 :]]


def test_the_class_to_use_instead_is_named() -> None:
    values = {"EDXAPP_DEFAULT_FILE_STORAGE": S3}
    assert dict(lacking_classes(values, Release.of("quince.1"))) == {
        "EDXAPP_DEFAULT_FILE_STORAGE": f"{S3} is gone since quince: use {S3_3}."
    }
