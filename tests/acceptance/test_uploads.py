"""Tests of uploads to object storage with a wrong key."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.acceptance.installation import Installation, Refused
from tests.acceptance.pictures import Learner
from tests.acceptance.traffic import Visitor
from tests.s3_server import SECRET, Bucket

pytestmark = pytest.mark.timeout(600)


@contextmanager
def other_settings(installation: Installation, domain: str, **changes: str) -> Iterator[None]:
    """Let the LMS that serves the instance have other settings within the block."""
    [appserver] = [item for item in installation.appservers(domain) if item["active"]]
    host = f"appserver-{appserver['id']}"
    path: Path = installation.hosts / host / "edx/etc/lms.yml"
    text = path.read_text()
    restart = ("appserver", "shell", str(appserver["id"]), "--", "supervisorctl", "restart", "lms")
    path.write_text(yaml.safe_dump({**yaml.safe_load(text), **changes}))
    try:
        installation.ocim(*restart)
        yield
    finally:
        path.write_text(text)
        installation.ocim(*restart)


def test_a_wrong_key_is_told_to_learner_and_operator_and_nothing_is_recorded(
    installation: Installation, campus: str, bucket: Bucket
) -> None:
    before = bucket.contents()
    installation.ocim("doctor")
    assert bucket.contents() == before  # whatever it wrote is deleted
    wrong = {"AWS_SECRET_ACCESS_KEY": "of-another-campus"}
    with (
        other_settings(installation, campus, **wrong),
        Visitor(installation, campus) as visitor,
    ):
        learner = Learner(visitor, "wanda")
        answer = learner.upload()
        assert (answer.status_code, learner.has_picture()) == (400, False)
        assert "SignatureDoesNotMatch" in answer.json()["developer_message"]
        with pytest.raises(Refused) as refused:
            installation.ocim("doctor")
    output = str(refused.value)
    for what in ("uploads", "learners' pictures"):
        assert f"It cannot store {what} in S3: ClientError: " in output
    assert "SignatureDoesNotMatch" in output
    assert SECRET not in output
    assert bucket.contents() == before
