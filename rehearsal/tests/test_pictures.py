"""Learners' pictures, in a directory and in S3."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.utils import override_settings

from rehearsal.common.releases import parse
from rehearsal.edxapp.uploads import BOTO3, storages
from rehearsal.lms.pictures import fault_of
from tests.conftest import jwt
from tests.s3_server import KEY, SECRET, s3_server

URL = "/api/user/v1/accounts/lena"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    chosen = storages({"MEDIA_ROOT": str(tmp_path)}, parse("quince"))
    with override_settings(STORAGES=chosen):
        yield tmp_path / "profile-images"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Yield the address of an S3 server, and its bucket."""
    buckets = tmp_path_factory.mktemp("buckets")
    (buckets / "campus").mkdir()
    with s3_server(buckets) as address:
        yield address, buckets / "campus"


def in_s3(address: str, **changes: str) -> override_settings:
    """Return a block in which pictures go to the S3 server."""
    options = {
        "bucket": "campus",
        "location": "faces",
        "access_key": KEY,
        "secret_key": SECRET,
        "endpoint_url": address,
        "querystring_auth": False,
    }
    backend = {"class": BOTO3, "options": {**options, **changes}}
    return override_settings(STORAGES=storages({"PROFILE_IMAGE_BACKEND": backend}, parse("palm")))


def upload(client: Client, user: User, content: bytes = PNG) -> Any:
    file = SimpleUploadedFile("me.png", content)
    return client.post(f"{URL}/image", {"file": file}, headers={"Authorization": jwt(user)})


def picture_of(client: Client, user: User) -> Any:
    answer = client.get(URL, headers={"Authorization": jwt(user)})
    return answer.json()["profile_image"]


def test_a_picture_is_stored_under_a_name_that_does_not_tell_the_learners(
    client: Client, learner: User, directory: Path
) -> None:
    assert picture_of(client, learner) == {"has_image": False}
    assert upload(client, learner).status_code == 204
    names = sorted(path.name for path in directory.iterdir())
    assert [name.partition("_")[2] for name in names] == [
        "120.jpg", "30.jpg", "50.jpg", "500.jpg",
    ]  # fmt: skip
    assert not any("lena" in name for name in names)
    assert picture_of(client, learner)["has_image"] is True


def test_another_picture_replaces_the_first(client: Client, learner: User, directory: Path) -> None:
    upload(client, learner)
    assert upload(client, learner, PNG + b"!").status_code == 204
    assert {path.read_bytes() for path in directory.iterdir()} == {PNG + b"!"}


def test_a_picture_is_removed(client: Client, learner: User, directory: Path) -> None:
    upload(client, learner)
    answer = client.delete(f"{URL}/image", headers={"Authorization": jwt(learner)})
    assert answer.status_code == 204
    assert list(directory.iterdir()) == []
    assert picture_of(client, learner) == {"has_image": False}


@pytest.mark.parametrize(
    "file, fault",
    [
        (SimpleUploadedFile("me.png", b"short"), "at least 100 bytes"),
        (SimpleUploadedFile("me.png", PNG + bytes(1024 * 1024)), "smaller than 1048576 bytes"),
        (SimpleUploadedFile("me.svg", PNG), "one of the following types"),
        (SimpleUploadedFile("me.gif", PNG), "does not match the file data"),
    ],
    ids=["too small", "too large", "of another kind", "of another name"],
)
def test_what_is_no_picture_is_refused(file: SimpleUploadedFile, fault: str) -> None:
    assert fault in fault_of(file)


def test_a_refused_picture_is_not_stored(client: Client, learner: User, directory: Path) -> None:
    answer = upload(client, learner, b"short")
    assert (answer.status_code, "at least" in answer.json()["user_message"]) == (400, True)
    assert not directory.exists()


def test_nobody_uploads_a_picture_of_somebody_else(
    client: Client, learner: User, worker: User, directory: Path
) -> None:
    assert upload(client, worker).status_code == 403
    other = User.objects.create_user("otto")
    assert upload(client, other).status_code == 404
    assert not directory.exists()


def test_a_signed_in_learner_needs_the_token_against_forged_requests(
    learner: User, directory: Path
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(learner)
    file = SimpleUploadedFile("me.png", PNG)
    assert client.post(f"{URL}/image", {"file": file}).status_code == 403
    token = client.get("/user_api/v1/account/login_session/").cookies["csrftoken"].value
    file.seek(0)
    answer = client.post(f"{URL}/image", {"file": file}, headers={"X-CSRFToken": token})
    assert answer.status_code == 204


def test_a_picture_goes_to_the_bucket_and_back(
    client: Client, learner: User, server: tuple[str, Path]
) -> None:
    address, bucket = server
    with in_s3(address):
        assert upload(client, learner).status_code == 204
        url = picture_of(client, learner)["image_url_full"]
        assert url.startswith(f"{address}/campus/faces/")
        stored = bucket / url.partition("/campus/")[2].partition("?")[0]
        assert stored.read_bytes() == PNG
        client.delete(f"{URL}/image", headers={"Authorization": jwt(learner)})
        assert not stored.exists()


@pytest.mark.parametrize(
    "changes, fault",
    [
        ({"secret_key": "wrong"}, "SignatureDoesNotMatch"),
        ({"access_key": "unknown"}, "InvalidAccessKeyId"),
        ({"bucket": "missing"}, "NoSuchBucket"),
    ],
)
def test_what_the_server_refuses_is_told_and_nothing_is_recorded(
    client: Client,
    learner: User,
    server: tuple[str, Path],
    changes: dict[str, str],
    fault: str,
) -> None:
    with in_s3(server[0], **changes):
        answer = upload(client, learner)
        assert answer.status_code == 400
        assert fault in answer.json()["developer_message"]
        assert picture_of(client, learner) == {"has_image": False}
