"""LMS, search server and discovery as processes, set up with their own commands."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests import configuration as lms_configuration
from tests.discovery import configuration as discovery_configuration
from tests.discovery.stub_shop import Shop, running_shop
from tests.processes import free_port, gunicorn, manage
from tests.search.conftest import PASSWORD
from tests.search.conftest import write as write_search

TIMEOUT = 60
SECRET = "a secret of discovery's, well over 32 bytes long"


@dataclass
class World:
    """Addresses of all services, and their configuration files."""

    lms: str
    discovery: str
    search: str
    shop: Shop
    lms_file: Path
    discovery_file: Path
    openid: bool

    def lms_shell(self, script: str) -> str:
        return ran(self.lms_file, "lms", "shell", script=script)

    def make_course(self, org: str, number: str, name: str) -> None:
        self.lms_shell(
            "from rehearsal.edxapp.course_overviews.models import CourseOverview\n"
            "from rehearsal.edxapp.organizations.models import Organization\n"
            f"Organization.objects.get_or_create(short_name={org!r}, "
            f"defaults={{'name': 'The {org}'}})\n"
            f"CourseOverview(org={org!r}, number={number!r}, run='2026', "
            f"display_name={name!r}, published=True).save()\n"
        )

    def command(self, *arguments: str) -> str:
        """Run a command of discovery, which must succeed. Return its output."""
        return ran(self.discovery_file, "discovery", *arguments)

    def fails(self, *arguments: str) -> str:
        """Run a command of discovery, which must fail. Return its error."""
        result = manage(self.discovery_file, "discovery", *arguments)
        assert result.returncode != 0, result.stdout
        return result.stderr

    def set_partner(self, **flags: str) -> None:
        api = f"{self.lms}/api"
        arguments = {
            "courses-api-url": f"{api}/courses/v1/",
            "organizations-api-url": f"{api}/organizations/v0/",
            **(
                {
                    "oidc-url-root": f"{self.lms}/oauth2",
                    "oidc-key": "sso-key",
                    "oidc-secret": SECRET,
                }
                if self.openid
                else {"lms-url": self.lms}
            ),
            **flags,
        }
        self.command(
            *("create_or_update_partner", "--site-id=1", "--code=demo", "--name=Demo"),
            f"--site-domain={self.discovery.partition('//')[2]}",
            *(f"--{flag}={value}" for flag, value in arguments.items()),
        )

    def runs(self) -> int:
        output = self.shell(
            "from rehearsal.discovery.course_metadata.models import CourseRun as R\n"
            "print(R.objects.count())"
        )
        return int(output)

    def shell(self, script: str) -> str:
        return ran(self.discovery_file, "discovery", "shell", script=script)

    def signed_in(self) -> requests.Session:
        """Return the browser of a new learner, signed in at the LMS and then at discovery."""
        browser = requests.Session()
        page = browser.get(f"{self.lms}/register", timeout=TIMEOUT)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token
        name = "lena"
        fields = {"name": "Lena", "email": "lena@example.com", "username": name}
        passwords = {"password1": "correct horse", "password2": "correct horse"}
        sent = {**fields, **passwords, "csrfmiddlewaretoken": token[1]}
        browser.post(f"{self.lms}/register", sent, timeout=TIMEOUT)
        browser.get(f"{self.discovery}/login", timeout=TIMEOUT)
        return browser


@contextmanager
def running_world(directory: Path, *, release: str, **changes: Any) -> Iterator[World]:
    """Run all services, with worker, clients and partner, until the block ends."""
    openid = "ironwood" in release
    ports = {"lms": free_port(), "discovery": free_port()}
    # Two names, so that a browser keeps their cookies apart.
    lms, own = f"http://127.0.0.1:{ports['lms']}", f"http://localhost:{ports['discovery']}"
    (directory / "search").mkdir()
    with ExitStack() as stack:
        shop = stack.enter_context(running_shop())
        search_file = write_search(directory / "search")
        search = stack.enter_context(gunicorn(search_file, "search"))
        host = search.partition("//")[2]
        lms_file = lms_configuration.write(
            directory,
            database=directory / "edxapp.sqlite3",
            LMS_ROOT_URL=lms,
            EDX_PLATFORM_VERSION=release,
        )
        discovery_file = discovery_configuration.write(
            directory,
            database=directory / "discovery.sqlite3",
            lms=lms,
            DISCOVERY_URL_ROOT=own,
            DISCOVERY_VERSION=release,
            **dict.fromkeys(
                ("ELASTICSEARCH_URL", "ELASTICSEARCH_CLUSTER_URL"),
                f"http://elastic:{PASSWORD.replace(' ', '%20')}@{host}/",
            ),
            **(
                {
                    "SOCIAL_AUTH_EDX_OIDC_KEY": "sso-key",
                    "SOCIAL_AUTH_EDX_OIDC_SECRET": SECRET,
                    "SOCIAL_AUTH_EDX_OIDC_URL_ROOT": f"{lms}/oauth2",
                    "SOCIAL_AUTH_EDX_OIDC_ISSUER": f"{discovery_configuration.LMS}/oauth2",
                }
                if openid
                else {
                    "SOCIAL_AUTH_EDX_OAUTH2_SECRET": SECRET,
                    "BACKEND_SERVICE_EDX_OAUTH2_SECRET": SECRET,
                }
            ),
            **changes,
        )
        ran(lms_file, "lms", "migrate")
        ran(discovery_file, "discovery", "migrate")
        set_up_lms(lms_file, own, openid=openid)
        stack.enter_context(gunicorn(lms_file, "lms", port=ports["lms"]))
        stack.enter_context(gunicorn(discovery_file, "discovery", port=ports["discovery"]))
        world = World(lms, own, search, shop, lms_file, discovery_file, openid)
        world.set_partner()
        yield world


def set_up_lms(file: Path, own: str, *, openid: bool) -> None:
    """Create the worker's user and the clients, with the release's own commands."""
    worker = "discovery_worker"
    ran(file, "lms", "manage_user", worker, "discovery@example.com", "--staff")
    if openid:
        callback = f"{own}/complete/edx-oidc/"
        ran(
            *(file, "lms", "create_oauth2_client", own, callback, "confidential", "--trusted"),
            *("--client_id=sso-key", f"--client_secret={SECRET}", f"--username={worker}"),
        )
        return
    create = (file, "lms", "create_dot_application")
    ran(
        *(*create, "discovery-sso", worker, "--grant-type=authorization-code"),
        *("--skip-authorization", f"--redirect-uris={own}/complete/edx-oauth2/"),
        *("--client-id=sso-key", f"--client-secret={SECRET}", "--scopes=user_id"),
    )
    ran(
        *(*create, "discovery-backend", worker),
        *("--client-id=backend-key", f"--client-secret={SECRET}"),
    )


def ran(file: Path, *arguments: str, script: str = "") -> str:
    """Run a management command, which must succeed. Return its output."""
    result = manage(file, *arguments, script=script)
    assert result.returncode == 0, result.stderr
    return result.stdout
