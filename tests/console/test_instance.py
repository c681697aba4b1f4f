from collections.abc import Callable
from pathlib import Path

import pytest

from ocim.store.models import OpenEdXInstance
from tests.console.conftest import CAMPUS, Installation


def test_a_new_instance_is_told_with_what_to_do_next(ocim: Installation) -> None:
    ran = ocim("instance", "create", CAMPUS, "name=My Campus", "tags=pilot, south")

    instance = OpenEdXInstance.objects.get()
    assert ran.status == 0
    assert f"ocim appserver spawn {instance.pk} --activate" in ran.out
    assert instance.name == "My Campus"
    assert sorted(instance.tags.values_list("name", flat=True)) == ["pilot", "south"]


def test_what_is_not_said_comes_from_the_settings(ocim: Installation) -> None:
    ocim.campus()

    shown = ocim("instance", "show", CAMPUS, "--json").json

    assert shown["name"] == CAMPUS
    assert shown["provider"] == "local"
    assert shown["openedx_release"] == "open-release/juniper.2"
    assert shown["configuration_version"] == ""  # the release's


def test_all_bad_assignments_are_named(ocim: Installation) -> None:
    ran = ocim("instance", "create", CAMPUS, "pilot", "south", "name=x")

    assert ran.status == 1
    assert ran.err.splitlines()[:2] == [
        "Error: 'pilot' is not of the form FIELD=VALUE.",
        "'south' is not of the form FIELD=VALUE.",
    ]


def test_all_faults_of_the_fields_are_named(ocim: Installation) -> None:
    ran = ocim(
        "instance",
        "create",
        "bad_domain!",
        "email=it@example.com",
        "time_zone=Mars",
        "provider=moon",
    )

    assert ran.status == 1
    named = {line.removeprefix("Error: ").partition(":")[0] for line in ran.err.splitlines()}
    assert named == {"internal_lms_domain", "time_zone", "provider"}
    assert not OpenEdXInstance.objects.exists()


def test_a_setting_that_does_not_exist_is_refused_with_those_that_do(ocim: Installation) -> None:
    campus = ocim.campus()

    ran = ocim("instance", "set", campus, "colour=blue")

    assert ran.status == 1
    assert "colour" in ran.err
    assert "time_zone" in ran.err


def test_a_file_can_stand_for_a_documents_text(ocim: Installation, tmp_path: Path) -> None:
    file = tmp_path / "extra.yml"
    file.write_text("EDXAPP_X: 1\n")
    campus = ocim.campus()

    ocim("instance", "set", campus, f"configuration_extra_settings=@{file}")

    instance = OpenEdXInstance.objects.get()
    assert instance.configuration_extra_settings == "EDXAPP_X: 1\n"


def test_the_fleet_is_a_line_for_each(ocim: Installation) -> None:
    campus, other = ocim.campus("name=A"), ocim.campus("name=B", domain="b.example.com")
    ocim.served(other)

    rows = ocim("instance", "list").rows

    assert [row[:5] for row in rows] == [
        [str(campus), "A", CAMPUS, "down", "0"],
        [str(other), "B", "b.example.com", "on the web", "1"],
    ]


def test_the_fleet_for_scripts_is_a_list_of_objects(ocim: Installation) -> None:
    campus = ocim.campus()

    [item] = ocim("instance", "list", "--json").json

    assert (item["id"], item["domain"], item["state"]) == (campus, CAMPUS, "down")


@pytest.mark.parametrize("named", ["{id}", CAMPUS, CAMPUS.upper(), "My Campus"])
def test_an_instance_goes_by_id_domain_and_name(ocim: Installation, named: str) -> None:
    campus = ocim.campus("name=My Campus")

    assert ocim("instance", "show", named.format(id=campus), "--json").json["id"] == campus


def test_a_name_that_two_have_is_refused(ocim: Installation) -> None:
    ocim.campus("name=Twin")
    ocim.campus("name=Twin", domain="b.example.com")

    ran = ocim("instance", "show", "Twin")

    assert ran.status == 1
    assert "Pass the id of the right one." in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("instance", "show", "nowhere"),
        ("instance", "set", "nowhere", "name=x"),
        ("instance", "archive", "nowhere", "--yes"),
        ("instance", "unarchive", "nowhere"),
        ("instance", "delete", "nowhere", "--name", "nowhere"),
        ("appserver", "spawn", "nowhere"),
        ("appserver", "list", "nowhere"),
    ],
)
def test_an_instance_that_does_not_exist_is_refused(
    ocim: Installation, words: tuple[str, ...]
) -> None:
    ran = ocim(*words)

    assert (ran.out, ran.status) == ("", 1)
    assert ran.err == ("Error: No instance 'nowhere'.\n`ocim instance list` lists all instances.\n")


def test_nothing_is_archived_where_nobody_can_be_asked(ocim: Installation) -> None:
    ocim.campus()

    ran = ocim("instance", "archive", CAMPUS)

    assert ran.status == 1
    assert "--yes" in ran.err
    assert len(ocim("instance", "list").rows) == 1


@pytest.mark.parametrize("answer, left", [("y", 0), ("n", 1), ("", 1)])
def test_an_instance_is_archived_when_somebody_says_so(
    ocim: Installation, types: Callable[[str], None], answer: str, left: int
) -> None:
    ocim.campus()
    types(answer)

    ran = ocim("instance", "archive", CAMPUS)

    assert ran.status == left
    assert len(ocim("instance", "list").rows) == left
    assert len(ocim("instance", "list", "--archived").rows) == 1


def test_an_archived_instance_can_be_taken_back(ocim: Installation) -> None:
    ocim.served(ocim.campus())
    ocim("instance", "archive", CAMPUS, "--yes")
    assert ocim.balancer.route(CAMPUS) == ()

    ran = ocim("instance", "unarchive", CAMPUS)

    assert ran.status == 0
    assert ocim("instance", "list").rows[0][3] == "down"


def test_an_instance_is_deleted_by_its_name_once_it_is_archived(ocim: Installation) -> None:
    ocim.served(ocim.campus("name=My Campus"))
    delete = ("instance", "delete", CAMPUS, "--name")

    assert "nothing was deleted" in ocim(*delete, "Campus").err
    assert "Archive it first" in ocim(*delete, "My Campus").err
    assert OpenEdXInstance.objects.exists()

    ocim("instance", "archive", CAMPUS, "--yes")
    assert ocim(*delete, "My Campus").status == 0
    assert not OpenEdXInstance.objects.exists()
    assert ocim.databases.sizes == {}


def test_the_name_is_asked_for_before_an_instance_is_deleted(
    ocim: Installation, types: Callable[[str], None]
) -> None:
    ocim.campus("name=My Campus")
    ocim("instance", "archive", CAMPUS, "--yes")
    assert "--name" in ocim("instance", "delete", CAMPUS).err
    assert OpenEdXInstance.objects.exists()
    types("My Campus")

    assert ocim("instance", "delete", CAMPUS).status == 0
    assert not OpenEdXInstance.objects.exists()


def test_secrets_of_an_instance_are_not_shown(ocim: Installation) -> None:
    ocim.campus()
    instance = OpenEdXInstance.objects.get()

    output = ocim("instance", "show", CAMPUS).out + ocim("instance", "show", CAMPUS, "--json").out

    for secret in (instance.secret_seed, instance.jwt_private_key, instance.preview_password_hash):
        assert secret not in output


def test_one_can_be_held_and_released(ocim: Installation) -> None:
    pk = ocim.campus()
    ran = ocim("instance", "hold", pk, "--reason=exams", "--until=2999-06-12")
    assert (ran.status, ran.out) == (0, "Held: exams (until 2999-06-12)\n")
    assert ocim("instance", "list", "--json").json[0]["held"] == "exams (until 2999-06-12)"
    assert ocim("instance", "show", pk, "--json").json["held"] == "exams (until 2999-06-12)"
    assert ocim("instance", "release", pk).status == 0
    assert ocim("instance", "show", pk, "--json").json["held"] == ""


def test_it_cannot_be_held_until_a_day_that_is_over(ocim: Installation) -> None:
    ran = ocim("instance", "hold", ocim.campus(), "--reason=exams", "--until=2001-06-12")
    assert (ran.status, "until: 2001-06-12 is in the past." in ran.err) == (1, True)
