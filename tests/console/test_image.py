import pytest

from tests.console.conftest import CAMPUS, Installation


@pytest.fixture
def campus(ocim: Installation) -> int:
    return ocim.campus()


@pytest.fixture
def image(ocim: Installation, campus: int) -> str:
    """Return the image of an instance, built by the command."""
    ran = ocim("image", "build", CAMPUS, "--json")
    assert ran.status == 0, ran.err
    return str(ran.json[0]["image"])


def test_what_is_built_is_used_and_listed_with_who_needs_it(
    ocim: Installation, campus: int, image: str
) -> None:
    appserver = ocim.served(campus)

    [listed] = ocim("image", "list", "--json").json
    assert (listed["image"], listed["hosts"]) == (image, [f"appserver-{appserver}"])
    assert (listed["provider"], listed["services"]) == ("local", "lms studio")
    shown = ocim("appserver", "show", appserver, "--json").json
    assert shown["image"] == image
    assert shown["configuration_commit"]


def test_several_instances_that_share_one_build_it_once(ocim: Installation, image: str) -> None:
    ocim.campus(domain="other.example.com")

    ran = ocim("image", "build", CAMPUS, "other.example.com")

    assert ran.status == 0
    assert f"Image {image} exists already." in ran.out
    assert ran.out.count(image) == 2


def test_pruning_says_what_went_and_leaves_what_is_needed(
    ocim: Installation, campus: int, image: str
) -> None:
    assert ocim("image", "prune").out == "Deleted: none.\n"
    appserver = ocim.served(campus)
    assert ocim("image", "prune", "--keep", 0, "--json").json == []
    assert ocim("appserver", "deactivate", appserver, "--yes").status == 0
    assert ocim("appserver", "terminate", appserver, "--yes").status == 0

    assert ocim("image", "prune", "--keep", 0).out == f"Deleted: {image}.\n"
    assert ocim("image", "list", "--json").json == []


def test_a_single_image_is_removed_by_its_name(ocim: Installation, image: str) -> None:
    assert ocim("image", "remove", image).out == f"Deleted: {image}.\n"
    again = ocim("image", "remove", image)
    assert (again.status, f"No image '{image}'." in again.err) == (1, True)


def test_a_number_below_none_is_refused(ocim: Installation) -> None:
    ran = ocim("image", "prune", "--keep", -1)
    assert (ran.status, "it must be 0 or more." in ran.err) == (1, True)


def test_where_there_are_no_images_it_says_why(ocim: Installation) -> None:
    ocim.provisioner.without_images = {"old.yml"}
    ocim.campus("configuration_playbook_name=old.yml")

    ran = ocim("image", "build", CAMPUS)

    assert (ran.status, "There are no images for old.yml." in ran.err) == (1, True)
