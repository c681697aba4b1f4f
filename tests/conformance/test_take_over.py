"""An installed service in the place of the rehearsal's: what becomes of the app server's files."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ocim.core.instance import Service
from tests.conformance.installed import Installed
from tests.conformance.take_over import replace

PROGRAM = """\
[program:discovery]
command=/edx/app/discovery/venvs/discovery/bin/python -m gunicorn --bind 127.0.1.2:8381 its.wsgi
user=discovery
"""


@pytest.fixture
def service(tmp_path: Path) -> Installed:
    directory = tmp_path / "installed code"
    directory.mkdir()
    (directory / "manage.py").write_text("print('installed', __import__('sys').argv[1:])")
    return Installed(
        service=Service.DISCOVERY,
        release="open-release/juniper.2",
        python=Path(sys.executable),
        directory=directory,
        settings="theirs.settings.production",
        migrate="python manage.py migrate",
        start="python serve.py --at {bind} --rate 50%",
    )


@pytest.fixture
def root(tmp_path: Path, service: Installed) -> Path:
    root = tmp_path / "root of a host"
    home, conf = root / "edx/app/discovery", root / "edx/app/supervisor/conf.d"
    for path in (home / "discovery", home / "venvs/discovery/bin", conf, root / "edx/etc"):
        path.mkdir(parents=True)
    (home / "discovery_env").write_text("export DISCOVERY_CFG=/edx/etc/discovery.yml\n")
    (conf / "discovery.conf").write_text(PROGRAM)
    database = root / "discovery.sqlite3"
    database.touch()
    default = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}
    settings = {"DATABASES": {"default": default}}
    (root / "edx/etc/discovery.yml").write_text(yaml.safe_dump(settings))
    replace(root, service)
    return root


def test_commands_run_the_installed_code_with_its_python(root: Path) -> None:
    home = root / "edx/app/discovery"
    python = home / "venvs/discovery/bin/python"
    words = [str(python), "manage.py", "check"]
    done = subprocess.run(words, cwd=home / "discovery", check=True, capture_output=True, text=True)
    assert done.stdout == "installed ['check']\n"


def test_the_environment_names_the_settings_too(root: Path) -> None:
    environment = (root / "edx/app/discovery/discovery_env").read_text()
    assert environment == (
        "export DISCOVERY_CFG=/edx/etc/discovery.yml\n"
        "export DJANGO_SETTINGS_MODULE=theirs.settings.production\n"
    )


def test_the_program_listens_where_the_old_one_did_once_it_is_started(root: Path) -> None:
    head, command, start, user = (
        (root / "edx/app/supervisor/conf.d/discovery.conf").read_text().splitlines()
    )
    assert head == "[program:discovery]"
    assert command.endswith("exec python serve.py --at 127.0.1.2:8381 --rate 50%%'")
    assert (start, user) == ("autostart=false", "user=discovery")


def test_the_database_is_new(root: Path) -> None:
    assert not (root / "discovery.sqlite3").exists()
