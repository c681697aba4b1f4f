"""Storages of uploads that each release has, and their settings."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from rehearsal.common.releases import parse
from rehearsal.edxapp.uploads import BOTO, BOTO3, DIRECTORY, of_s3, storages

S3 = {"DEFAULT_FILE_STORAGE": BOTO3}
CLASS = "storages.backends.s3boto3.S3Boto3Storage"


def test_uploads_go_to_a_directory_unless_settings_say_otherwise() -> None:
    result = storages({"MEDIA_ROOT": "/srv/media"}, parse("quince"))
    assert result["default"] == {"BACKEND": DIRECTORY, "OPTIONS": {}}
    assert result["pictures"]["OPTIONS"] == {
        "location": "/srv/media/profile-images/",
        "base_url": "/media/profile-images/",
        "allow_overwrite": True,
    }


def test_pictures_stay_in_the_directory_where_only_other_uploads_move() -> None:
    result = storages(S3, parse("juniper"))
    assert (result["default"]["BACKEND"], result["pictures"]["BACKEND"]) == (CLASS, DIRECTORY)


@pytest.mark.parametrize(
    "name, first, last",
    [(BOTO, "ginkgo", "palm"), (BOTO3, "juniper", "quince")],
)
def test_a_class_exists_in_some_releases(name: str, first: str, last: str) -> None:
    for release in (first, last):
        result = storages({"DEFAULT_FILE_STORAGE": name}, parse(release))
        assert result["default"]["BACKEND"] == CLASS


@pytest.mark.parametrize(
    "name, release",
    [(BOTO, "quince"), (BOTO3, "ironwood"), ("swift.storage.SwiftStorage", "juniper")],
)
def test_a_class_that_the_release_lacks_is_named(name: str, release: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"'{name}': {release} has none of this name"):
        storages({"DEFAULT_FILE_STORAGE": name}, parse(release))


@pytest.mark.parametrize(
    "release, options",
    [
        ("palm", {"bucket_name": "b", "location": "faces"}),
        ("quince", {"bucket": "b", "location": "faces", "headers": {"Cache-Control": "max-age"}}),
    ],
)
def test_options_of_old_names_work_until_quince(release: str, options: dict[str, Any]) -> None:
    old = {"bucket": "b", "location": "faces", "headers": {"Cache-Control": "max-age"}}
    pictures = {"PROFILE_IMAGE_BACKEND": {"class": BOTO3, "options": old}}
    assert storages(pictures, parse(release))["pictures"]["OPTIONS"] == options


@pytest.mark.parametrize(
    "settings, address",
    [
        ({}, None),
        ({"AWS_S3_HOST": "s3.example.com"}, "https://s3.example.com"),
        (
            {"AWS_S3_HOST": "127.0.0.1", "AWS_S3_PORT": 9000, "AWS_S3_USE_SSL": False},
            "http://127.0.0.1:9000",
        ),
    ],
)
def test_boto_has_an_address_of_its_own(settings: dict[str, Any], address: str | None) -> None:
    result = storages({"DEFAULT_FILE_STORAGE": BOTO, **settings}, parse("palm"))
    assert result["default"]["OPTIONS"] == {"endpoint_url": address}


def test_before_juniper_the_address_of_another_server_is_ignored() -> None:
    settings = {"AWS_STORAGE_BUCKET_NAME": "b", "AWS_S3_ENDPOINT_URL": "http://127.0.0.1", "X": 1}
    assert of_s3(settings, parse("ironwood")) == {"AWS_STORAGE_BUCKET_NAME": "b"}
    assert "AWS_S3_ENDPOINT_URL" in of_s3(settings, parse("juniper"))
