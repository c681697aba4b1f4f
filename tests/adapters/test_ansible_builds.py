"""Harmful packages in the build of an environment: they change nothing that lasts."""

from pathlib import Path

import pytest

from ocim.adapters.provisioners.ansible.recipes import ANSIBLE, recipe
from ocim.adapters.provisioners.environments import Environments
from ocim.adapters.sandbox import Sandbox
from ocim.core.errors import PermanentError
from tests.adapters.ansible_support import Bench
from tests.adapters.git_support import Repository
from tests.adapters.test_ansible_environments import wheel
from tests.adapters.test_ansible_sandbox import KEY, needs_sandbox

pytestmark = needs_sandbox

BACKEND = """
import glob, os, pathlib, shutil, zipfile
SECRET = {secret!r}
(VENV,) = map(pathlib.Path, glob.glob({environments!r} + "/*/venv"))

def act():
{trick}

def build_wheel(directory, config_settings=None, metadata_directory=None):
    act()
    name = "evil-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as archive:
        info = "evil-1.0.dist-info/"
        archive.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: evil\\nVersion: 1.0\\n")
        archive.writestr(
            info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        )
        for path, text in {files!r}.items():
            archive.writestr(path, text)
        archive.writestr(info + "RECORD", "")
    return name
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "evil"
version = "1.0"
"""


def evil(
    checkout: Path, environments: Path, trick: str, files: dict[str, str] | None = None
) -> dict[str, str]:
    """Write a package whose building does the trick, and the requirement of it."""
    indented = "".join(f"    {line}\n" for line in trick.strip().splitlines())
    backend = BACKEND.format(
        secret=str(checkout.parent / "var"),
        environments=str(environments),
        trick=indented,
        files=files or {},
    )
    (checkout / "evil").mkdir(parents=True)
    return {
        "evil/backend.py": backend,
        "evil/pyproject.toml": PROJECT,
        "requirements.txt": f"{wheel(checkout)}\n./evil\n",
    }


def build(tmp_path: Path, trick: str) -> None:
    checkout, directory = tmp_path / "checkout", tmp_path / "environments"
    checkout.mkdir()
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "master.key").write_text(KEY)
    for name, text in evil(checkout, directory, trick).items():
        (checkout / name).write_text(text)
    wanted = recipe(checkout)
    assert wanted
    with Environments(directory, Sandbox(), ANSIBLE).environment(wanted):
        pass


@pytest.mark.parametrize(
    "trick, refusal",
    [
        (
            'file = VENV / "pyvenv.cfg"\n'
            'file.write_text(file.read_text().replace("home = ", f"home = {SECRET}/bin #"))',
            r"changed pyvenv\.cfg",
        ),
        (
            'link = VENV / "bin/python3"; link.unlink(); link.symlink_to(SECRET + "/bin/python")',
            "changed bin/python3",
        ),
        ('(VENV / "lib/loot").symlink_to(SECRET)', "lib/loot leads to /"),
        ('(VENV / "share").symlink_to("../../../../var")', r"share leads to \.\."),
        ('os.mkfifo(VENV / "bin/pipe")', "bin/pipe is neither a file nor a directory"),
        (
            'import socket; os.chdir(VENV / "bin"); socket.socket(socket.AF_UNIX).bind("socket")',
            "bin/socket is neither a file nor a directory",
        ),
        (
            'shutil.copy("/bin/sh", VENV / "bin/sh"); (VENV / "bin/sh").chmod(0o4755)',
            "bin/sh runs as its owner",
        ),
    ],
    ids=["home", "interpreter", "link", "climbing link", "fifo", "socket", "setuid"],
)
def test_an_environment_that_a_package_has_tampered_with_is_refused(
    tmp_path: Path, trick: str, refusal: str
) -> None:
    with pytest.raises(PermanentError, match=refusal):
        build(tmp_path, trick)
    assert not list((tmp_path / "environments").glob("*.complete"))


def test_a_package_cannot_forge_the_record_of_an_environment(tmp_path: Path) -> None:
    forge = 'VENV.parent.with_suffix(".complete").write_text("forged")'
    # The sandbox keeps the file for itself, or has nothing there that can be written to.
    build(tmp_path, f"import contextlib\nwith contextlib.suppress(OSError): {forge}")
    (record,) = (tmp_path / "environments").glob("*.complete")
    assert "forged" not in record.read_text()


def test_an_environment_that_was_changed_later_is_refused(tmp_path: Path) -> None:
    build(tmp_path, "pass")
    wanted = recipe(tmp_path / "checkout")
    assert wanted
    environments = Environments(tmp_path / "environments", Sandbox(), ANSIBLE)
    script = tmp_path / "environments" / wanted.name / "venv/bin/ansible-playbook"
    script.chmod(0o755)
    script.write_text("#!/bin/sh\ncat /srv/ocim/var/master.key\n")
    with (
        pytest.raises(PermanentError, match="was changed after it was built"),
        environments.environment(wanted),
    ):
        pass


def test_an_environment_with_the_same_content_as_it_was_built_is_believed(tmp_path: Path) -> None:
    build(tmp_path, "pass")
    wanted = recipe(tmp_path / "checkout")
    assert wanted
    script = tmp_path / "environments" / wanted.name / "venv/bin/ansible-playbook"
    mode = script.stat().st_mode & 0o777
    script.chmod(0o755)
    script.chmod(mode)  # as a backup that was put back: other times, nothing else
    environments = Environments(tmp_path / "environments", Sandbox(), ANSIBLE)
    with environments.environment(wanted) as present:
        assert (present.path / "bin/ansible-playbook").is_file()


THEFT = """
import glob, os, sys
seen = []
for name in ("{var}/master.key", "{var}/hosts/other/lms.yml", *glob.glob("/proc/[0-9]*/environ")):
    try:
        seen.append(open(name).read())
    except OSError:
        seen.append("nothing")
sys.stderr.write("WHERE saw " + " ".join(seen).replace(chr(0), " ") + "\\n")
"""

IN_PLACE_OF_ANSIBLE = """
import atexit
def replace():
    import script
    os._exit(4)
if any("ansible-playbook" in word for word in sys.orig_argv):
    atexit.register(replace)
"""
"""Has the last word in Ansible's process: the check fails, and so says what was written."""


def test_code_that_starts_with_an_environments_python_reads_nothing_of_the_managers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Try files that Python runs by itself, and code in place of Ansible's own."""
    monkeypatch.setenv("OCIM_MASTER_KEY", KEY)
    var = bench.directory / "var"
    (var / "hosts/other").mkdir(parents=True)
    for name in ("master.key", "hosts/other/lms.yml"):
        (var / name).write_text(KEY)
    theft = THEFT.replace("{var}", str(var))
    repository = Repository(bench.directory / "repository")
    files = {
        "evil.pth": "import theft\n",
        # Debian's Python has a sitecustomize of its own, which is found first.
        "theft.py": theft.replace("WHERE", "pth") + IN_PLACE_OF_ANSIBLE,
        "sitecustomize.py": theft.replace("WHERE", "sitecustomize"),
        "script.py": theft.replace("WHERE", "script"),
    }
    made = evil(
        repository.directory,
        bench.directory / "cache" / "environments",
        "pass",
        files,
    )
    repository.commit({**made, "site.yml": "[]", "ansible.cfg": "[defaults]\nlibrary = /etc\n"})
    from dataclasses import replace  # noqa: PLC0415

    job = replace(bench.job("[]"), source=repository.source("master"))
    from ocim.core.errors import ValidationError  # noqa: PLC0415

    with pytest.raises(ValidationError) as refused:
        bench.provisioner.check(job)
    message = str(refused.value)
    assert "saw nothing nothing" in message
    assert KEY not in message
