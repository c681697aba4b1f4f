"""Commands on a local host: names, trust, cron, sudo, supervisorctl."""

import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from shutil import copyfile
from subprocess import DEVNULL

import pytest

from ocim.adapters.providers import local
from ocim.adapters.providers.local.provider import LocalProvider
from ocim.core.hosts import Host, HostRequest
from tests.local_hosts import heard, run
from tests.web_servers import Authority, answer, web_server

OTHER_IMPORTER = """
import sys
class Other(object):
    def find_module(self, name, path=None):
        return None
sys.meta_path.append(Other())
"""
PYTHONS = [sys.executable, *map(str, Path("/usr/bin").glob("python3"))]


@pytest.mark.parametrize("python", PYTHONS)
def test_the_fleets_names_reach_every_python(
    provider: LocalProvider, host: Host, python: str
) -> None:
    script = (
        "import socket; print(socket.gethostbyname('LMS.test'),"
        " socket.getaddrinfo('lms.test.', 80)[0][4], socket.gethostbyname('localhost'))"
    )

    printed = run(provider, host.name, python, "-c", script)

    assert printed == "127.8.8.8 ('127.8.8.8', 80) 127.0.0.1\n"


def test_the_fleets_names_reach_a_python_2_that_has_other_importers(tmp_path: Path) -> None:
    if subprocess.call(["sh", "-c", "python2.7 -V"], stdout=DEVNULL, stderr=DEVNULL):
        pytest.skip("not installed: python2.7")
    for directory in ("etc", "lib", "next"):
        (tmp_path / directory).mkdir()
    (tmp_path / "etc/hosts").write_text("127.8.8.8 lms.test\n")
    copyfile(Path(local.__file__).with_name("sitecustomize.py"), tmp_path / "lib/sitecustomize.py")
    (tmp_path / "next/sitecustomize.py").write_text(OTHER_IMPORTER)
    script = "import socket; print(socket.gethostbyname('LMS.test'))"

    printed = subprocess.check_output(
        ["python2.7", "-c", script],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}/lib:{tmp_path}/next"},
        text=True,
    )

    assert printed == "127.8.8.8\n"


def test_a_python_that_does_no_networking_loads_nothing_for_it(
    provider: LocalProvider, host: Host
) -> None:
    script = "import sys; print('_socket' in sys.modules)"

    assert run(provider, host.name, sys.executable, "-c", script) == "False\n"


def test_another_customization_of_python_still_takes_place(
    provider: LocalProvider, host: Host
) -> None:
    Path(host.root, "home/sitecustomize.py").write_text("print('the other one')")
    path = f"PYTHONPATH={host.root}/lib:{host.root}/home"

    assert run(provider, host.name, "env", path, sys.executable, "-c", "") == "the other one\n"


def test_processes_on_the_host_trust_its_authorities_and_the_public_ones(
    provider: LocalProvider, tmp_path: Path
) -> None:
    def hello(handler: BaseHTTPRequestHandler) -> None:
        answer(handler, text=f"hello {handler.headers['Host']}")

    authority = Authority()
    names = {"lms.test": "127.0.0.1"}
    provider.create(HostRequest("one", names=names, authorities=authority.pem))
    with web_server(hello, tls=authority.server_context("lms.test", tmp_path)) as port:
        script = (
            "import ssl, urllib.request;"
            f"print(urllib.request.urlopen('https://lms.test:{port}').read().decode());"
            "print(ssl.create_default_context().cert_store_stats()['x509_ca'] > 50)"
        )
        printed = run(provider, "one", sys.executable, "-c", script)

    assert printed == f"hello lms.test:{port}\nTrue\n"


@pytest.mark.parametrize(
    "options",
    [
        ["-u", "discovery"],
        ["-H", "-S", "-n", "-u", "root"],
        ["-nHuroot"],
        ["--user=edxapp", "--login"],
        ["--user", "edxapp", "--"],
        ["-p", "[sudo] password:", "-E"],
    ],
)
def test_sudo_runs_the_command_whatever_its_options(
    provider: LocalProvider, host: Host, options: list[str]
) -> None:
    printed = run(provider, host.name, "sudo", *options, "A=1", "sh", "-c", 'echo "$A $0"', "b c")

    assert printed == "1 b c\n"


def test_sudo_starts_a_shell_where_it_is_asked_for(provider: LocalProvider, host: Host) -> None:
    printed = run(provider, host.name, "sudo", "-u", "ecommerce", "-Hs", stdin="echo in $HOME")

    assert printed == f"in {host.root}/home\n"


def test_sudo_returns_the_commands_exit_status(provider: LocalProvider, host: Host) -> None:
    argv = provider.command(host.name, ["sudo", "-u", "www-data", "sh", "-c", "exit 5"])

    assert subprocess.run(argv, check=False).returncode == 5


def test_supervisorctl_talks_to_the_hosts_own_supervisord(
    provider: LocalProvider, host: Host
) -> None:
    pid_file = Path(host.root) / "run/supervisord.pid"

    assert run(provider, host.name, "supervisorctl", "pid") == pid_file.read_text()


def test_a_crontab_is_installed_listed_and_removed(provider: LocalProvider, host: Host) -> None:
    run(provider, host.name, "crontab", "-u", "root", "-", stdin="@daily true\n")
    assert run(provider, host.name, "crontab", "-l", "-u", "discovery") == "@daily true\n"

    run(provider, host.name, "crontab", "-r")

    argv = provider.command(host.name, ["crontab", "-l"])
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "no crontab for root\n")


def test_a_crontab_with_errors_is_not_installed(provider: LocalProvider, host: Host) -> None:
    run(provider, host.name, "crontab", "-", stdin="@daily true\n")

    argv = provider.command(host.name, ["crontab", "-"])
    done = subprocess.run(
        argv, input="61 * * * * a\n@daily\n", capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "line 1: Bad minute" in done.stderr
    assert "line 2: expected five fields" in done.stderr
    assert run(provider, host.name, "crontab", "-l") == "@daily true\n"


PLAYBOOK = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.cron:
        name: refresh course metadata
        user: root
        job: >-
          sudo -u discovery bash -c 'source {{ home }}/discovery_env;
          echo $DISCOVERY_CFG > {{ root }}/said'
        special_time: reboot
    - ansible.builtin.cron: {name: nightly, user: root, job: "true", minute: "0", hour: "5"}
    - ansible.builtin.cron: {name: unwanted, user: root, job: "false", state: "{{ unwanted }}"}
"""


def play(host: Host, directory: Path, unwanted: str) -> str:
    """Run the playbook as a provisioner does, and return the line that counts the changes."""
    playbook = directory / "cron.yml"
    playbook.write_text(PLAYBOOK)
    variables = {
        "home": f"{host.root}/home",
        "root": host.root,
        "unwanted": unwanted,
        "ansible_python_interpreter": sys.executable,
    }
    settings = [f"--extra-vars={key}={value}" for key, value in variables.items()]
    done = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-playbook"),
            *("-c", "local", "-i", "localhost,"),
            *settings,
            playbook,
        ],
        env={
            **host.connection.environment,
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_REMOTE_TEMP": host.connection.environment["TMPDIR"],
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip().splitlines()[-1]


def test_ansible_keeps_cron_jobs_and_cron_runs_them(
    provider: LocalProvider, host: Host, tmp_path: Path
) -> None:
    (Path(host.root) / "home/discovery_env").write_text("DISCOVERY_CFG=/edx/etc/discovery.yml\n")
    os.mkfifo(Path(host.root) / "said")

    assert "changed=3 " in play(host, tmp_path, unwanted="present")
    assert "changed=0 " in play(host, tmp_path, unwanted="present")
    assert "changed=1 " in play(host, tmp_path, unwanted="absent")
    assert "changed=0 " in play(host, tmp_path, unwanted="absent")

    crontab = run(provider, host.name, "crontab", "-l")
    assert "#Ansible: nightly\n0 5 * * * true\n" in crontab
    assert "unwanted" not in crontab
    provider.reboot(host.name)
    assert heard(host) == "/edx/etc/discovery.yml\n"
