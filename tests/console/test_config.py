import re
from pathlib import Path

import pytest

from ocim.store.models import OpenEdXAppServer, OpenEdXInstance
from tests.console.conftest import CAMPUS, Installation

EXTRA = "configuration_extra_settings"
LAYERS = {"defaults", "databases", "brokers", "storage", "secrets", "services", EXTRA}


@pytest.fixture
def campus(ocim: Installation) -> int:
    return ocim.campus(f"{EXTRA}=EDXAPP_PLATFORM_NAME: Our campus")


def test_every_variable_is_shown_with_the_layer_it_comes_from(
    ocim: Installation, campus: int
) -> None:
    rows = ocim("config", "show", CAMPUS).rows

    shown = {name: (value, layer) for name, value, layer in rows}
    assert shown["EDXAPP_PLATFORM_NAME"] == ("Our campus", EXTRA)
    assert shown["EDXAPP_LMS_BASE"][1] == "defaults"
    assert {layer for _, layer in shown.values()} == LAYERS


def test_one_layer_can_be_asked_for(ocim: Installation, campus: int) -> None:
    assert ocim("config", "show", campus, "--layer", EXTRA).rows == [
        ["EDXAPP_PLATFORM_NAME", "Our campus", EXTRA]
    ]


def test_a_layer_that_does_not_exist_is_refused(ocim: Installation, campus: int) -> None:
    ran = ocim("config", "show", campus, "--layer", "extra")

    assert ran.status == 2
    assert EXTRA in ran.err


def test_secrets_are_shown_only_when_asked_for(ocim: Installation, campus: int) -> None:
    def secret(*options: str) -> str:
        result = ocim("config", "show", campus, "--json", *options).json
        [value] = [item["value"] for item in result if item["path"] == ["EDXAPP_EDXAPP_SECRET_KEY"]]
        return str(value)

    assert secret() == "********"
    shown = secret("--secrets")
    assert len(shown) > 20
    assert shown not in ocim("config", "show", campus).out
    assert shown in ocim("config", "show", campus, "--secrets").out


def test_a_value_of_several_lines_stays_on_one(ocim: Installation) -> None:
    campus = ocim.campus(f'{EXTRA}=EDXAPP_NOTE: "a\\n\\tb"')

    [[_, value, _]] = ocim("config", "show", campus, "--layer", EXTRA).rows

    assert value == r'"a\n\tb"'


def test_what_an_app_server_was_given_stays_as_it_was(ocim: Installation, campus: int) -> None:
    appserver = ocim.served(campus)
    ocim("instance", "set", campus, f"{EXTRA}=EDXAPP_PLATFORM_NAME: Another")

    frozen = ocim("config", "show", "--appserver", appserver, "--layer", EXTRA)

    assert frozen.rows == [["EDXAPP_PLATFORM_NAME", "Our campus", EXTRA]]


@pytest.mark.parametrize("words", [(), ("1", "--appserver", "1")])
def test_either_an_instance_or_an_app_server_is_shown(
    ocim: Installation, words: tuple[str, ...]
) -> None:
    assert ocim("config", "show", *words).status == 2


def test_there_is_no_difference_just_after_a_spawn(ocim: Installation, campus: int) -> None:
    ocim.served(campus)

    ran = ocim("config", "diff", campus)

    assert (ran.out, ran.status) == ("", 0)


def test_a_diff_says_what_a_new_app_server_would_change(ocim: Installation, campus: int) -> None:
    ocim.served(campus)
    ocim("instance", "set", campus, "time_zone=Europe/Berlin", f"{EXTRA}=EDXAPP_NEW: 1")

    ran = ocim("config", "diff", campus)

    assert ran.status == 1
    assert ran.out.splitlines() == [
        f"EDXAPP_PLATFORM_NAME: Our campus → {CAMPUS}  [{EXTRA} → defaults]",
        "EDXAPP_TIME_ZONE: UTC → Europe/Berlin  [defaults]",
        f"EDXAPP_NEW: (not set) → 1  [{EXTRA}]",
    ]


def test_a_diff_for_scripts_has_both_sides_and_their_layers(
    ocim: Installation, campus: int
) -> None:
    appserver = ocim.served(campus)
    ocim("instance", "set", campus, f"{EXTRA}=")

    ran = ocim("config", "diff", f"appserver:{appserver}", campus, "--json")

    assert ran.status == 1
    assert ran.json == [
        {
            "path": ["EDXAPP_PLATFORM_NAME"],
            "change": "changed",
            "old": "Our campus",
            "old_layer": EXTRA,
            "new": CAMPUS,
            "new_layer": "defaults",
        }
    ]


def test_a_changed_secret_is_said_to_have_changed_and_not_how(
    ocim: Installation, campus: int
) -> None:
    other = ocim.campus(domain="other.example.com")

    ran = ocim("config", "diff", campus, other)

    [line] = [line for line in ran.out.splitlines() if line.startswith("EDXAPP_EDXAPP_SECRET")]
    assert line == "EDXAPP_EDXAPP_SECRET_KEY: ******** (with a secret that changed)  [secrets]"


def test_what_serves_is_compared_rather_than_what_is_newest(
    ocim: Installation, campus: int
) -> None:
    ocim.served(campus)
    ocim("instance", "set", campus, f"{EXTRA}=")
    ocim("appserver", "spawn", campus)

    assert ocim("config", "diff", campus).status == 1


@pytest.mark.parametrize(
    "words, said",
    [
        (("nowhere.example.com",), "No instance"),
        ((CAMPUS,), "no app server"),
        (("appserver:99",), "No app server 99"),
        (("appserver:x", CAMPUS), "not appserver:ID"),
    ],
)
def test_trouble_with_a_diff_is_told_apart_from_differences(
    ocim: Installation, campus: int, words: tuple[str, ...], said: str
) -> None:
    ran = ocim("config", "diff", *words)

    assert ran.status == 2
    assert said in ran.err


def test_every_fault_of_a_file_is_named_with_its_place(ocim: Installation, tmp_path: Path) -> None:
    file = tmp_path / "extra.yml"
    file.write_text("EDXAPP_X: 1\nansible_connection: local\nno-name: 2\n")

    ran = ocim("config", "lint", file)

    assert ran.status == 1
    assert [line.partition("column")[0] for line in ran.out.splitlines()] == [
        f"{file}, line 2, ",
        f"{file}, line 3, ",
    ]
    assert ocim("config", "lint", file, "--json").json["faults"] == ran.out.splitlines()


def test_a_right_file_is_said_to_be_right(ocim: Installation, tmp_path: Path) -> None:
    file = tmp_path / "extra.yml"
    file.write_text("EDXAPP_X: 1\n")

    ran = ocim("config", "lint", f"@{file}")

    assert (ran.out, ran.status) == (f"No problem found in {file}.\n", 0)


def test_a_file_that_names_a_database_has_a_fault_beside_its_others(
    ocim: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "extra.yml"
    file.write_text("A: '{{ A }}'\nEDXAPP_MYSQL_DB_NAME: edxapp\nLANGUAGE: no\n")
    ran = ocim("config", "lint", file)
    assert ran.status == 1
    own, database, warning = ran.out.splitlines()
    assert "A uses itself" in own
    assert database.startswith(f"{file}, line 2, column 1: Ocim sets EDXAPP_MYSQL_DB_NAME")
    assert warning.startswith("Warning: ")


def test_a_file_that_is_not_there_is_trouble(ocim: Installation) -> None:
    assert ocim("config", "lint", "/nowhere.yml").status == 2


def test_nothing_of_an_instance_is_changed_by_looking(ocim: Installation, campus: int) -> None:
    before = OpenEdXInstance.objects.values().get(pk=campus)

    ocim("config", "show", campus)

    assert OpenEdXInstance.objects.values().get(pk=campus) == before
    assert not OpenEdXAppServer.objects.exists()


def test_an_instance_that_the_playbooks_understand_is_right(ocim: Installation) -> None:
    ocim.campus()

    ran = ocim("config", "lint", CAMPUS)

    assert ran.status == 0, ran.out
    assert re.fullmatch(r"No problem found in \d+ variables\.\n", ran.out)


def test_a_misspelt_variable_of_an_instance_is_told_with_the_nearest(ocim: Installation) -> None:
    ocim.campus("configuration_extra_settings=EDXAPP_PLATFORM_NAM: Mine")

    ran = ocim("config", "lint", CAMPUS)

    assert ran.status == 1
    assert "Was EDXAPP_PLATFORM_NAME meant?" in ran.out


def test_an_instance_is_held_against_a_repository(ocim: Installation, tmp_path: Path) -> None:
    ocim.campus("configuration_playbook_name=site.yml", "configuration_extra_settings=THEIRS: 1")
    defaults = tmp_path / "playbooks" / "roles" / "edxapp" / "defaults"
    defaults.mkdir(parents=True)
    (defaults / "main.yml").write_text("THEIRS: 0\n")
    (tmp_path / "playbooks" / "site.yml").write_text("- hosts: all\n  roles: [edxapp]\n")

    result = ocim("config", "lint", CAMPUS, "--against", tmp_path, "--json").json["findings"]

    [theirs] = [item for item in result if item["variable"] == "THEIRS"]
    assert (theirs["status"], theirs["line"]) == ("known", 1)


@pytest.mark.parametrize("version", ["", "@koa/fixes"])
def test_an_instance_is_held_against_a_version_of_a_repository_by_its_url(
    ocim: Installation, tmp_path: Path, version: str
) -> None:
    ocim.campus("configuration_version=juniper", "configuration_playbook_name=site.yml")
    (tmp_path / "roles").mkdir()
    (tmp_path / "site.yml").write_text("- hosts: all\n")
    url = "https://git.example.com/configuration"
    ocim.provisioner.repositories[url] = tmp_path
    ocim.provisioner.commits.update({"juniper": "a" * 40, "koa/fixes": "b" * 40})

    ran = ocim("config", "lint", CAMPUS, "--against", url + version)

    exact = f"{url}@{('b' if version else 'a') * 40}"
    assert ran.out.startswith(f"Against {exact}:\n")
    result = ocim("config", "lint", CAMPUS, "--against", url + version, "--json").json
    assert result["repository"] == exact


def test_a_repository_that_cannot_be_had_is_trouble(ocim: Installation) -> None:
    ocim.campus()

    ran = ocim("config", "lint", CAMPUS, "--against", "https://git.example.com/nowhere")

    assert (ran.status, ran.out) == (2, "")
    assert "https://git.example.com/nowhere cannot be fetched" in ran.err


def test_what_is_neither_a_file_nor_an_instance_is_refused(ocim: Installation) -> None:
    ran = ocim("config", "lint", "nowhere")

    assert ran.status == 2
    assert ran.err.startswith("Error: 'nowhere' is neither a file nor an instance.\n")
