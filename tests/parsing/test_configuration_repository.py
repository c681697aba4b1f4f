import os
from pathlib import Path

import pytest

from ocim.core.errors import ValidationError
from ocim.parsing.configuration_repository import Repository, read_repository

FILES = {
    "playbooks/roles/shop/defaults/main.yml": """---
# NOT_A_VARIABLE: 1
SHOP_HOST: localhost
SHOP_URL: "http://{{ SHOP_HOST }}:{{ SHOP_PORT }}/"

SHOP_IDENTITY: !!null
SHOP_LATER: !vault |
  abc
SHOP_DATE: 2020-01-01
SHOP_REPOS:
  - PATH: "{{ COMMON_PATH }}"
    1: x
SHOP_HOST: twice
""",
    "playbooks/roles/shop/vars/main.yml": "SHOP_PORT: 80\n",
    "playbooks/roles/shop/tasks/main.yml": "- debug: msg={{ SHOP_URL }}\n# {{ SHOP_NEVER }}\n",
    "playbooks/roles/shop/templates/etc/shop.j2": "x\n{{ SHOP_KEY }}\n",
    "playbooks/group_vars/all": "COMMON_PATH: edx\n",
    "playbooks/native.yml": """
- hosts: all
- hosts: all
  vars:
    SHOP_HOST: "{{ other }}"
  roles:
    - role: shop
      when: SANDBOX_ENABLE_SHOP
""",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / "checkout" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "checkout"


@pytest.fixture
def repository(checkout: Path) -> Repository:
    return read_repository(checkout, playbook="native.yml")


@pytest.mark.parametrize(
    "name, origin, place, value",
    [
        ("SHOP_URL", "role shop", "roles/shop/defaults/main.yml:4",
         "http://{{ SHOP_HOST }}:{{ SHOP_PORT }}/"),
        ("SHOP_PORT", "role shop", "roles/shop/vars/main.yml:1", 80),
        ("COMMON_PATH", "group all", "group_vars/all:1", "edx"),
        ("SHOP_HOST", "play native.yml", "native.yml:5", "{{ other }}"),
        ("SHOP_IDENTITY", "role shop", "roles/shop/defaults/main.yml:6", None),
        ("SHOP_LATER", "role shop", "roles/shop/defaults/main.yml:7", None),
    ],
)  # fmt: skip
def test_a_variable_is_found_where_its_strongest_value_is(
    repository: Repository, name: str, origin: str, place: str, value: object
) -> None:
    definition = repository.definitions[name][-1]
    assert (definition.origin, f"{definition.file}:{definition.line}") == (
        origin,
        f"playbooks/{place}",
    )
    assert definition.value == value


def test_a_value_says_of_what_it_is_composed(repository: Repository) -> None:
    asking = {
        name: [definition.name for definition in by] for name, by in repository.asked_by.items()
    }
    assert asking["SHOP_PORT"] == ["SHOP_URL"]
    assert asking["COMMON_PATH"] == ["SHOP_REPOS"]


@pytest.mark.parametrize(
    "name, place",
    [
        ("SHOP_URL", ("playbooks/roles/shop/tasks/main.yml", 1)),
        ("SHOP_KEY", ("playbooks/roles/shop/templates/etc/shop.j2", 2)),
        ("SANDBOX_ENABLE_SHOP", ("playbooks/native.yml", 8)),
    ],
)
def test_a_variable_is_used_where_a_task_a_template_or_a_play_speaks_of_it(
    repository: Repository, name: str, place: tuple[str, int]
) -> None:
    assert repository.uses[name] == place


def test_comments_speak_of_nothing(repository: Repository) -> None:
    assert "SHOP_NEVER" not in repository.uses
    assert "NOT_A_VARIABLE" not in repository.definitions


def test_the_directory_of_the_playbooks_will_do(checkout: Path) -> None:
    result = read_repository(checkout / "playbooks")
    assert result.definitions["SHOP_PORT"][0].file == "roles/shop/vars/main.yml"


def test_what_cannot_be_read_is_said_and_the_rest_is_read(checkout: Path) -> None:
    (checkout / "playbooks/roles/shop/vars/broken.yml").write_text("a: [\n")
    result = read_repository(checkout)
    assert result.unreadable == ["playbooks/roles/shop/vars/broken.yml"]
    assert "SHOP_PORT" in result.definitions


def test_links_out_of_the_repository_are_not_followed(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.yml").write_text("OUTSIDE: 1\n")
    (checkout / "playbooks/roles/shop/vars/link.yml").symlink_to(tmp_path / "secret.yml")
    assert "OUTSIDE" not in read_repository(checkout).definitions


@pytest.mark.parametrize("playbook", ["absent.yml", "../../secret.yml"])
def test_a_playbook_that_is_not_in_it_is_refused(checkout: Path, playbook: str) -> None:
    (checkout.parent / "secret.yml").write_text("- vars: {OUTSIDE: 1}\n")
    with pytest.raises(ValidationError, match="There is no playbook"):
        read_repository(checkout, playbook=playbook)


def test_a_directory_without_roles_is_no_configuration_repository(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="no playbooks/roles"):
        read_repository(tmp_path)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("target", ["/", "/dev/zero", "..", "PIPE", "../master.key"])
@pytest.mark.parametrize(
    "place", ["roles/shop/vars/x.yml", "roles/evil", "roles/shop/tasks/x", "group_vars/x", "x.yml"]
)
def test_what_is_no_file_of_the_repository_is_said_and_never_read(
    checkout: Path, target: str, place: str
) -> None:
    (checkout.parent / "master.key").write_text("KEY: of the manager")
    link = checkout / "playbooks" / place
    if target == "PIPE":
        os.mkfifo(link)
    else:
        up = "../" * len(link.relative_to(checkout).parents)
        link.symlink_to(target if target.startswith("/") else f"{up}{target}")
    result = read_repository(checkout, playbook="native.yml")
    assert not {"KEY", "manager"} & {*result.definitions, *result.uses}
    assert "SHOP_PORT" in result.definitions
    if place != "roles/evil":
        [reason] = result.unreadable
        assert reason.startswith(f"playbooks/{place} (a ")


@pytest.mark.timeout(30)
def test_a_playbook_that_is_a_link_to_the_managers_files_is_refused(checkout: Path) -> None:
    (checkout.parent / "master.key").write_text("- vars: {KEY: of the manager}")
    (checkout / "playbooks/leak.yml").symlink_to("../../master.key")
    with pytest.raises(ValidationError, match="There is no playbook") as refused:
        read_repository(checkout, playbook="leak.yml")
    assert "of the manager" not in str(refused.value)


def test_roles_that_are_links_within_the_repository_are_read(checkout: Path) -> None:
    (checkout / "playbooks/roles").rename(checkout / "elsewhere")
    (checkout / "playbooks/roles").symlink_to("../elsewhere")
    (checkout / "playbooks/edx-east").symlink_to(".")
    result = read_repository(checkout, playbook="native.yml")
    assert result.definitions["SHOP_PORT"][0].file == "playbooks/roles/shop/vars/main.yml"
    assert result.unreadable == []


@pytest.mark.timeout(60)
def test_ten_thousand_variables_in_a_file_take_seconds(checkout: Path) -> None:
    lines = "".join(f"NAME_{number}: {number}\n" for number in range(10_000))
    (checkout / "playbooks/roles/shop/vars/many.yml").write_text(lines)
    assert read_repository(checkout).definitions["NAME_9999"][0].line == 10_000


def test_aliases_that_multiply_are_refused(checkout: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (checkout / "playbooks/roles/shop/vars/bomb.yml").write_text("\n".join(lines))
    result = read_repository(checkout)
    assert result.unreadable == ["playbooks/roles/shop/vars/bomb.yml"]
