"""A repository as upstream's were: Ansible 2.9, pinned, and what later Ansible does not take."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ocim.core.errors import Cancelled, ValidationError
from ocim.core.provisioning import ProvisionJob, Transport
from ocim.core.secrets import Secret
from tests.acceptance.installation import of_whole_run, share
from tests.adapters.ansible_support import Bench
from tests.adapters.git_support import Repository
from tests.adapters.test_ansible_sandbox import KEY, needs_sandbox
from tests.package_index import require_package_index

FILES = {
    "requirements.txt": "ansible==2.9.27\njinja2==2.8\n",
    "playbooks/ansible.cfg": "[defaults]\njinja2_extensions=jinja2.ext.do\n",
    "playbooks/edx_sandbox.yml": """
- name: bootstrap
  hosts: app
  gather_facts: true
  roles:
    - role: edxapp
""",
    "playbooks/evil.yml": "- hosts: app\n  gather_facts: false\n  roles: [evil]\n",
    "playbooks/roles/evil/tasks/main.yml": """
- name: a setting and a lookup of the role
  copy:
    content: "{{ setting }} {{ lookup('pipe', theft) }} {{ '' | theft }}"
    dest: "{{ loot }}/lookups"
- name: a task on the manager
  shell: "{{ theft }}; cat /proc/[0-9]*/environ"
  delegate_to: localhost
  register: delegated
- name: what it saw
  copy: {content: "{{ delegated.stdout }}", dest: "{{ loot }}/delegated"}
- name: a local action
  local_action: shell ({{ theft }}) >{{ loot }}/local
""",
    # Runs as soon as Ansible starts, for a syntax check too.
    "playbooks/filter_plugins/theft.py": """
import glob, os
SEEN = []
for above in (__file__, os.getcwd()):
    while above != "/":
        above = os.path.dirname(above)
        SEEN += [open(name).read() for name in glob.glob(above + "/var/*") if os.path.isfile(name)]
if os.environ.get("OCIM_MASTER_KEY") or any("KEY" in text for text in SEEN):
    raise Exception(SEEN)
class FilterModule(object):
    def filters(self):
        return {"theft": lambda _: SEEN}
""".replace("KEY", KEY),
    "playbooks/broken.yml": "- hosts: app\n  roles: [missing]\n",
    "playbooks/roles/edxapp/defaults/main.yml": 'edxapp_dir: "{{ ocim_host_root }}/edx/app"\n',
    "playbooks/roles/edxapp/tasks/main.yml": """
- name: directories
  file: path={{ item }} state=directory
  with_items: ["{{ edxapp_dir }}", "{{ edxapp_dir }}/edxapp"]
- include: more.yml
- name: hang
  command: sleep 1000
  when: hang | bool
""",
    "playbooks/roles/edxapp/tasks/more.yml": """
- name: template
  template: src=env.j2 dest={{ edxapp_dir }}/env
- name: say it
  debug: msg="{{ groups.openedx_app }} {{ ansible_distribution }} {{ password }}"
- name: strategy
  debug: msg="{{ lookup('config', 'DEFAULT_STRATEGY') }}"
- name: fail
  fail: msg="no space left"
  when: fail | bool
""",
    "playbooks/roles/edxapp/templates/env.j2": "{% do [].append(1) %}{{ ansible_version.full }}\n",
}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, Repository]:
    """Return a bench whose cache the tests share, as Ansible 2.9 takes half a minute to build.

    All of a run share its environment.
    """
    require_package_index()
    directory = tmp_path_factory.mktemp("old")
    share(directory / "cache/environments", of_whole_run(directory) / "environments")
    repository = Repository(directory / "repository")
    repository.commit(FILES)
    return Bench(directory), repository


pytestmark = pytest.mark.xdist_group("ansible-2.9")


def job(old: tuple[Bench, Repository], playbook: str, **variables: object) -> ProvisionJob:
    bench, repository = old
    bench.events.clear()
    shutil.rmtree(bench.root / "edx", ignore_errors=True)
    defaults = {"password": Secret("hush-hush"), "fail": False, "hang": False, **variables}
    made = bench.job("[]", variables=defaults)
    return replace(made, source=repository.source("master", playbook))


def test_it_runs_as_upstream_runs_it(old: tuple[Bench, Repository]) -> None:
    bench, _ = old
    wanted = job(old, "edx_sandbox.yml")
    exact = replace(wanted, source=bench.provisioner.check(wanted))
    outcome = bench.run(exact)
    assert (outcome.ok, outcome.changed) == (True, 2), outcome.message
    assert (bench.root / "edx/app/env").read_text() == "2.9.27\n"
    (text,) = [event.text for event in bench.events if "say it:" in event.text]
    assert text.startswith("ok: [demo-1] say it: ['demo-1'] ")
    assert text.endswith(" ********")
    assert bench.run(exact).changed == 0


def test_it_runs_faster_with_mitogen_to_the_same_end(old: tuple[Bench, Repository]) -> None:
    bench, _ = old
    bench.use(Transport.MITOGEN)
    try:
        outcome = bench.run(job(old, "edx_sandbox.yml"))
    finally:
        bench.use(Transport.PIPELINING)
    assert (outcome.ok, outcome.changed) == (True, 2), outcome.message
    assert "strategy: mitogen_linear" in bench.log()
    assert "hush-hush" not in repr(bench.events)


def test_its_failures_are_told(old: tuple[Bench, Repository]) -> None:
    outcome = old[0].run(job(old, "edx_sandbox.yml", fail=True))
    assert (outcome.failed_task, outcome.message) == ("fail", "no space left")


def test_it_can_be_cancelled(old: tuple[Bench, Repository]) -> None:
    bench, _ = old
    wanted = job(old, "edx_sandbox.yml", hang=True)
    with pytest.raises(Cancelled):
        bench.run(wanted, is_cancelled=lambda: any(e.task == "hang" for e in bench.events))
    assert list(bench.runs.iterdir()) == []


def test_a_playbook_that_it_cannot_parse_is_refused(old: tuple[Bench, Repository]) -> None:
    with pytest.raises(ValidationError, match="role 'missing' was not found"):
        old[0].provisioner.check(job(old, "broken.yml"))


@needs_sandbox
def test_what_means_harm_reads_nothing_of_the_managers(old: tuple[Bench, Repository]) -> None:
    bench, _ = old
    var = bench.directory / "var"
    (var / "hosts/other").mkdir(parents=True, exist_ok=True)
    for name in ("master.key", "ocim.sqlite3", "hosts/other/lms.yml"):
        (var / name).write_text(KEY)
    theft = f"cat {var}/* {var}/hosts/other/* {bench.directory}/cache/git/*/config 2>&1; true"
    wanted = job(
        old,
        "evil.yml",
        theft=theft,
        loot=str(bench.root),
        setting="{{ lookup('pipe', theft) }}",
    )
    with subprocess.Popen(["sleep", "1000"], env={"OCIM_MASTER_KEY": KEY}) as manager:
        outcome = bench.run(replace(wanted, source=bench.provisioner.check(wanted)))
        manager.kill()
    assert outcome.ok, outcome.message
    for name in ("lookups", "delegated", "local"):
        seen = (bench.root / name).read_text()
        assert "No such file" in seen
        assert KEY not in seen
        assert "[core]" not in seen
    assert KEY not in bench.log()


def test_the_managers_own_playbooks_run_beside_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    tasks = "- copy: {content: '{{ ansible_version.full }}', dest: '{{ ocim_host_root }}/version'}"
    assert bench.run(bench.job(tasks)).ok
    assert (bench.root / "version").read_text() > "2.19"
