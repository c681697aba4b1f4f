"""The image part of a configuration, and what it depends on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ocim.adapters.provisioners.ansible.image_part import names_in
from ocim.adapters.provisioners.ansible.provisioner import AnsibleProvisioner
from ocim.core.errors import Conflict, TransientError
from ocim.core.hosts import Connection, Host
from ocim.core.provisioning import ConfigurationSource, Part, ProvisionJob
from ocim.core.secrets import Secret
from ocim.parsing.tree import Tree
from tests.adapters.ansible_support import Bench, never
from tests.adapters.git_support import Repository
from tests.adapters.test_ansible_environments import wheel

IMAGE = """\
- hosts: openedx_app
  gather_facts: false
  tasks:
    - import_role: {name: shop, tasks_from: image}
"""
FILES = {
    "site.yml": "- hosts: openedx_app\n  roles: [shop]\n",
    "site.image.yml": IMAGE,
    "roles/shop/tasks/main.yml": "- debug: {msg: '{{ SHOP_DOMAIN }}'}\n",
    "roles/shop/tasks/image.yml": (
        "# Not SHOP_COMMENTED.\n- include_tasks: code.yml\n- debug: {msg: '{{ shop_app_dir }}'}\n"
    ),
    "roles/shop/tasks/code.yml": "- template: {src: shop.j2, dest: '{{ shop_code_dir }}'}\n",
    "roles/shop/tasks/other.yml": "- debug: {msg: '{{ SHOP_OTHER }}'}\n",
    "roles/shop/templates/shop.j2": "{{ SHOP_VERSION }}\n",
    "roles/shop/defaults/main.yml": (
        "shop_app_dir: '{{ COMMON_APP_DIR }}/shop'\nshop_code_dir: '{{ shop_app_dir }}/code'\n"
        "SHOP_DOMAIN: ''\nSHOP_UNUSED: '{{ shop_app_dir }}'\n"
    ),
    "roles/common/defaults/main.yml": "COMMON_APP_DIR: /edx/app\n",
    "roles/common/tasks/main.yml": "- debug: {msg: '{{ COMMON_UNUSED }}'}\n",
}
VARIABLES: dict[str, object] = {"SHOP_VERSION": "1", "SHOP_DOMAIN": "shop.example.com"}


def write(directory: Path) -> None:
    for name, text in FILES.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    (tmp_path / "platform").mkdir()
    (tmp_path / "platform/requirements.txt").write_text("django==5.2.19\n")
    return tmp_path / "platform"


@pytest.fixture
def provisioner(tmp_path: Path, platform: Path) -> AnsibleProvisioner:
    write(tmp_path / "builtin")
    return AnsibleProvisioner(
        builtin=tmp_path / "builtin", cache=tmp_path / "cache", platform=platform
    )


def job(url: str = "builtin", version: str = "", playbook: str = "site.yml") -> ProvisionJob:
    host = Host("planned", "none", "127.0.0.1", Connection("local"), "/planned")
    return ProvisionJob(host, ConfigurationSource(url, version, playbook), VARIABLES)


def test_names_are_found_in_tasks_files_and_defaults_of_what_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    names = names_in(Tree(tmp_path), "site.image.yml")
    assert {"shop_app_dir", "shop_code_dir", "SHOP_VERSION", "COMMON_APP_DIR"} <= names
    assert not names & {"SHOP_DOMAIN", "SHOP_OTHER", "SHOP_UNUSED", "SHOP_COMMENTED"}
    assert "COMMON_UNUSED" not in names, "it names a variable of that role, not the role"


def test_the_same_gives_the_same(provisioner: AnsibleProvisioner) -> None:
    assert provisioner.image_inputs(job()) == provisioner.image_inputs(job())


def append(file: str) -> Callable[[Path, ProvisionJob], ProvisionJob]:
    def change(directory: Path, job: ProvisionJob) -> ProvisionJob:
        with (directory / file).open("a") as opened:
            opened.write("# another\n")
        return job

    return change


def with_variable(name: str, value: object) -> Callable[[Path, ProvisionJob], ProvisionJob]:
    return lambda _, job: replace(job, variables={**job.variables, name: value})


@pytest.mark.parametrize(
    "change, what",
    [
        (append("builtin/site.image.yml"), "configuration"),
        (append("builtin/roles/shop/tasks/code.yml"), "configuration"),
        (append("builtin/roles/shop/defaults/main.yml"), "configuration"),
        (append("platform/requirements.txt"), "platform"),
        (with_variable("SHOP_VERSION", "2"), "variables"),
        (with_variable("SHOP_VERSION", 1), "variables"),
        (with_variable("COMMON_APP_DIR", "/opt"), "variables"),
    ],
)
def test_what_it_depends_on_changes_just_that_input(
    tmp_path: Path,
    provisioner: AnsibleProvisioner,
    change: Callable[[Path, ProvisionJob], ProvisionJob],
    what: str,
) -> None:
    before = provisioner.image_inputs(job())
    after = provisioner.image_inputs(change(tmp_path, job()))
    assert {name for name in before if before[name] != after[name]} == {what}


def test_another_playbook_is_another_input(tmp_path: Path, provisioner: AnsibleProvisioner) -> None:
    before = provisioner.image_inputs(job())
    (tmp_path / "builtin/other.image.yml").write_text(IMAGE)
    (tmp_path / "builtin/other.yml").write_text(FILES["site.yml"])
    after = provisioner.image_inputs(job(playbook="other.yml"))
    assert before["playbook"] != after["playbook"]


@pytest.mark.parametrize("name, value", [("SHOP_DOMAIN", "other.example.com"), ("MORE", 1)])
def test_what_only_the_instance_part_reads_is_no_input(
    tmp_path: Path, provisioner: AnsibleProvisioner, name: str, value: object
) -> None:
    other = with_variable(name, value)(tmp_path, job())
    assert provisioner.image_inputs(other) == provisioner.image_inputs(job())


def test_of_a_repository_the_commit_and_its_ansible_are_inputs(
    tmp_path: Path, provisioner: AnsibleProvisioner
) -> None:
    repository = Repository(tmp_path / "repository")
    wheel(repository.directory)
    own = "./ansible_core-9.9-py3-none-any.whl\n"
    first = repository.commit({**FILES, "requirements.txt": own})
    second = repository.commit({"requirements.txt": f"{own}# another\n"})
    inputs = [provisioner.image_inputs(job(repository.url, item)) for item in (first, second)]
    assert [item["configuration"] for item in inputs] == [first, second]
    assert inputs[0]["ansible"] != inputs[1]["ansible"]


def test_a_configuration_without_an_image_playbook_has_no_images_and_says_so(
    tmp_path: Path, provisioner: AnsibleProvisioner
) -> None:
    (tmp_path / "builtin/site.image.yml").unlink()
    with pytest.raises(Conflict, match=r"builtin: it has no site\.image\.yml"):
        provisioner.image_inputs(job())


def test_a_secret_does_not_go_into_an_image(
    tmp_path: Path, provisioner: AnsibleProvisioner
) -> None:
    secret = with_variable("SHOP_VERSION", {"key": [Secret("hidden")]})(tmp_path, job())
    with pytest.raises(Conflict, match="SHOP_VERSION") as caught:
        provisioner.image_inputs(secret)
    assert "hidden" not in str(caught.value)


def test_an_image_playbook_is_no_playbook_of_an_instance(
    tmp_path: Path, provisioner: AnsibleProvisioner
) -> None:
    with pytest.raises(Exception, match=r"one of: site\.yml\."):
        provisioner.check(job(playbook="missing.yml"))


def test_the_image_part_is_given_no_other_variables(bench: Bench) -> None:
    whole = bench.job("- debug: {msg: whole}", variables={"GREETING": "hello", "DOMAIN": "x.org"})
    (bench.playbooks / "site.image.yml").write_text(
        "- hosts: openedx_app\n  gather_facts: false\n  tasks:\n"
        "    - debug: {msg: \"{{ GREETING }} {{ 'DOM' ~ 'AIN' in vars }}\"}\n"
    )
    part = replace(whole, part=Part.IMAGE, image_inputs=bench.provisioner.image_inputs(whole))
    assert bench.run(part).ok
    assert "hello False" in bench.log()


def test_a_part_of_an_image_that_has_changed_meanwhile_is_not_run(bench: Bench) -> None:
    whole = bench.job("- debug: {msg: whole}")
    (bench.playbooks / "site.image.yml").write_text(IMAGE)
    part = replace(whole, part=Part.INSTANCE, image_inputs=bench.provisioner.image_inputs(whole))
    (bench.playbooks / "site.image.yml").write_text(f"{IMAGE}# another\n")
    with pytest.raises(TransientError, match="changed meanwhile"):
        bench.provisioner.provision(part, on_event=bench.events.append, is_cancelled=never)
    assert bench.events == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize("target", ["/", "/dev/zero", "../../../../../master.key"])
@pytest.mark.parametrize("place", ["roles/shop/files", "roles/shop/tasks/code.yml", "roles/zero"])
def test_links_out_of_a_repository_are_no_inputs_and_hold_nothing_up(
    tmp_path: Path, provisioner: AnsibleProvisioner, place: str, target: str
) -> None:
    (tmp_path / "master.key").write_text("SHOP_DOMAIN")
    repository = Repository(tmp_path / "repository")
    repository.commit(FILES)
    link = repository.directory / place
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    commit = repository.commit({})
    [inputs, same] = [provisioner.image_inputs(job(repository.url, commit)) for _ in range(2)]
    assert inputs == same


def test_an_image_playbook_that_is_a_link_out_of_the_repository_is_none(
    tmp_path: Path, provisioner: AnsibleProvisioner
) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit(FILES)
    (repository.directory / "site.image.yml").unlink()
    (repository.directory / "site.image.yml").symlink_to("/etc/passwd")
    with pytest.raises(Conflict, match=r"it has no site\.image\.yml"):
        provisioner.image_inputs(job(repository.url, repository.commit({})))
