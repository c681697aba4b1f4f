"""Commands show no secret, unless they are asked for it."""

import os
import stat
import subprocess
import sys
from pathlib import Path

from ocim.store.models import LogEntry, OpenEdXAppServer
from tests.console.conftest import Installation

EXTRA = """\
# hunter2 in a comment
HARMLESS: shown
SEGMENT_KEY: hunter2
CALENDAR: https://example.com/feed?token=hunter2
DEEP: {celery_auth_extra: {a: hunter2}}
"""


def test_an_instance_is_shown_without_its_secrets(ocim: Installation) -> None:
    pk = ocim.campus(f"configuration_extra_settings={EXTRA}", "notes=password: hunter2")
    ocim("instance", "set", pk, "edx_platform_repository_url=https://me:hunter2@example.com/x")
    for shown in (ocim("instance", "show", pk).out, ocim("instance", "show", pk, "--json").out):
        assert "hunter2" not in shown
        assert "HARMLESS: shown" in shown
    assert "hunter2" not in ocim("instance", "set", pk, "name=New", "--json").out
    shown = ocim("instance", "show", pk, "--secrets", "--json").json
    assert shown["configuration_extra_settings"] == EXTRA
    assert shown["notes"] == "password: hunter2"


def test_a_configuration_is_shown_without_secrets_by_any_name(ocim: Installation) -> None:
    pk = ocim.campus(f"configuration_extra_settings={EXTRA}")
    assert "hunter2" not in ocim("config", "show", pk).out
    assert ocim("config", "show", pk, "--secrets").out.count("hunter2") == 3
    ocim.served(pk)
    ocim("instance", "set", pk, "configuration_extra_settings=HARMLESS: sk_live_" + "a1" * 12)
    shown = ocim("config", "diff", pk).out
    assert "hunter2" not in shown
    assert "sk_live" not in shown


def test_what_was_logged_before_is_shown_without_secrets(ocim: Installation) -> None:
    pk = ocim.campus()
    ocim.served(pk)
    latest = OpenEdXAppServer.objects.latest("id")
    evidence = [{"url": "https://x/?token=hunter2"}]
    OpenEdXAppServer.objects.update(failure="DB_PASS=hunter2", evidence=evidence)
    line = LogEntry.objects.latest("id")
    LogEntry.objects.filter(pk=line.pk).update(text="Authorization: Basic hunter2")
    for words in (("show",), ("show", "--json"), ("logs",), ("logs", "--json")):
        name, *options = words
        assert "hunter2" not in ocim("appserver", name, latest.pk, *options).out


def test_what_the_processes_write_is_for_their_user_alone(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir()
    command = "from ocim.console.main import main; main()"
    made = subprocess.run(
        [sys.executable, "-c", command, "migrate", "--verbosity=0"],
        env=os.environ | {"OCIM_VAR": str(var), "DJANGO_SETTINGS_MODULE": "ocim.project.settings"},
        capture_output=True,
        text=True,
        check=False,
        umask=0o002,
    )
    assert made.returncode == 0, made.stderr
    files = [path for path in var.rglob("*") if path.is_file()]
    assert files
    assert {oct(stat.S_IMODE(path.stat().st_mode)) for path in files} == {"0o600"}
