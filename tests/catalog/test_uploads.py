"""Places of uploads, as an instance's variables say."""

from typing import Any

import pytest

from ocim.catalog.variables.uploads import places
from ocim.core.instance import ALWAYS, Service

S3 = "storages.backends.s3boto.S3BotoStorage"
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
