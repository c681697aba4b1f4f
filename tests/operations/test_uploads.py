"""The doctor's look at object storage, by the LMS of each app server."""

from ocim.core.hosts import Ran
from ocim.operations.doctor.uploads import check_uploads
from ocim.operations.effective import effective_variables
from ocim.operations.findings import Finding
from tests.world import World

S3 = (
    "EDXAPP_DEFAULT_FILE_STORAGE: storages.backends.s3boto3.S3Boto3Storage\n"
    "EDXAPP_AWS_STORAGE_BUCKET_NAME: campus\n"
    "EDXAPP_AWS_ACCESS_KEY_ID: the-campus\n"
    "EDXAPP_AWS_SECRET_ACCESS_KEY: its-secret-key\n"
)
FAULTS = {"uploads": "ClientError: its-secret-key is wrong"}


def findings(world: World, *, extra: str = S3, activate: bool = True) -> list[Finding]:
    instance = world.make_instance(configuration_extra_settings=extra)
    world.spawn(instance, activate=activate)
    return list(check_uploads(world.context()))


def test_an_lms_that_can_write_is_fine(world: World) -> None:
    world.shells.looks["attempt"] = {}
    assert findings(world) == []


def test_what_the_object_storage_says_is_told_without_the_key(world: World) -> None:
    world.shells.looks["attempt"] = FAULTS
    [finding] = findings(world)
    assert finding.severity == "error"
    assert finding.what.startswith("It cannot store uploads in S3: ClientError: ")
    assert "its-secret-key" not in finding.what


def test_an_app_server_that_does_not_serve_yet_is_looked_at_too(world: World) -> None:
    world.shells.looks["attempt"] = FAULTS
    [finding] = findings(world, activate=False)
    assert finding.severity == "warning"


def test_an_lms_whose_shell_does_not_start_is_told(world: World) -> None:
    world.cloud.answer = lambda _host, _argv, _stdin: Ran(1, "", "no such file")
    [finding] = findings(world)
    assert "its shell on" in finding.what


def test_uploads_in_a_directory_are_not_tried(world: World) -> None:
    world.shells.looks["attempt"] = FAULTS
    assert findings(world, extra="") == []


def test_pictures_follow_the_choice_of_object_storage(world: World) -> None:
    instance = world.make_instance(configuration_extra_settings=S3)
    variables = effective_variables(instance, world.policy)
    assert variables.values["EDXAPP_PROFILE_IMAGE_BACKEND"]["options"] == {
        "location": "profile-images"
    }
    assert variables.source(("EDXAPP_PROFILE_IMAGE_BACKEND",)) == "pairs"
    assert variables.values["EDXAPP_AWS_S3_CUSTOM_DOMAIN"] == ""
