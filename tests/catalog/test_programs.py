"""Programs that services run, in a shop of the rehearsal that dies in their midst."""

import subprocess
from ast import ImportFrom, parse
from importlib import resources
from pathlib import Path

import pytest

REHEARSAL = Path(__file__).parents[2] / "rehearsal"
PYTHON = REHEARSAL.parent / ".venv-rehearsal/bin/python"
pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="run `make env-rehearsal`")

DJANGO = """
import os, sys
from pathlib import Path
from tests.ecommerce.configuration import write
directory = Path(sys.argv[1])
os.environ["ECOMMERCE_CFG"] = str(write(directory, database=directory / "shop.sqlite3"))
os.environ["DJANGO_SETTINGS_MODULE"] = "rehearsal.ecommerce.settings"
import django
django.setup()
from django.core.management import call_command
from django.db.models.signals import post_save
from rehearsal.ecommerce.core.models import SiteConfiguration
ARGV = ["create_or_update_site", "--site-domain=shop", "--partner-code=a", "--partner-name=A",
        "--lms-url-root=http://lms", "--from-email=a@example.com", "--discovery_api_url=http://d",
        "--sso-client-id=a", "--sso-client-secret=a",
        "--backend-service-client-id=a", "--backend-service-client-secret=a"]
def show():
    site = SiteConfiguration.objects.get()
    print(site.site.name, site.payment_microfrontend_url)
"""
A_SHOP = """
call_command("migrate", verbosity=0)
call_command(*ARGV, "--site-name=Old", "--enable-microfrontend-for-basket-page=true",
             "--payment-microfrontend-url=https://pay.example.com")
SiteConfiguration.objects.update(enable_microfrontend_for_basket_page=False)
"""
RENAME = """
names = {}
exec(Path(sys.argv[2]).read_text(), names)
names["keep_basket"]({"argv": [*ARGV, "--site-name=New"], "domain": "shop",
                      "url": SiteConfiguration.objects.get().payment_microfrontend_url})
"""
DIE = "post_save.connect(lambda **_: os._exit(9), sender=SiteConfiguration, weak=False)\n"


def test_a_shop_that_dies_after_its_command_keeps_the_address_of_the_microfrontend(
    tmp_path: Path,
) -> None:
    program = str(resources.files("ocim.catalog") / "programs/ecommerce.py")

    def run(code: str) -> tuple[int, str]:
        words = [str(PYTHON), "-c", DJANGO + code, str(tmp_path), program]
        done = subprocess.run(words, cwd=REHEARSAL, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    assert run(A_SHOP) == (0, "")
    assert run(DIE + RENAME) == (9, "")
    assert run(f"show()\n{RENAME}\nshow()") == (
        0,
        "Old https://pay.example.com\nNew https://pay.example.com\n",
    )


LMS = """
import os, sys
from pathlib import Path
from tests.configuration import write
directory = Path(sys.argv[1])
os.environ["LMS_CFG"] = str(write(directory, database=directory / "lms.sqlite3"))
os.environ["DJANGO_SETTINGS_MODULE"] = "rehearsal.edxapp.settings"
import django
django.setup()
from django.core.management import call_command
from django.contrib.auth.models import User
call_command("migrate", verbosity=0)
names = {}
exec(Path(sys.argv[2]).read_text(), names)
def change(name, email, make):
    print(names["set_superuser"]({"name": name, "email": email, "make": make}) or "done")
def show():
    for name, user in names["superusers"]({})["users"].items():
        print(name, user["email"], user["enabled"])
User.objects.create_user("lena", "lena@example.com", "correct horse")
"""
CHANGES = """
change("lena", "another@example.com", True)
change("mira", "", True)
change("mira", "", False)
show()
change("lena", "Lena@example.com", True)
change("mira", "mira@example.com", True)
show()
change("mira", "", False)
show()
print(User.objects.get(username="mira").is_staff, User.objects.get(username="lena").is_staff)
print(User.objects.get(username="mira").has_usable_password())
"""


def test_superusers_of_an_lms_are_made_and_taken_away(tmp_path: Path) -> None:
    program = str(resources.files("ocim.catalog") / "programs/lms.py")
    words = [str(PYTHON), "-c", LMS + CHANGES, str(tmp_path), program]
    done = subprocess.run(words, cwd=REHEARSAL, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "address", "missing", "missing", "done", "created", "lena lena@example.com True",
        "mira mira@example.com True", "done", "lena lena@example.com True", "False True", "True",
    ], done.stderr  # fmt: skip


PROGRAMS = sorted(Path(str(resources.files("ocim.catalog"))).glob("programs/*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_that_keeps_output_keeps_the_bytes_of_python_2_too(program: Path) -> None:
    modules = [
        node.module for node in parse(program.read_text()).body if isinstance(node, ImportFrom)
    ]
    assert "io" not in modules, "Its StringIO refuses bytes: import Python 2's where there is one."
