"""A shop and a catalogue on MariaDB and Redis: verified, broken in ten ways, and mended."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import sync_playwright

from ocim.catalog.releases import Release, traits
from ocim.catalog.steps.shells import manage
from ocim.core.instance import Service
from tests.acceptance.installation import PATIENCE, REPOSITORY, Installation, installed
from tests.acceptance.spine import NEW
from tests.broker_servers import NEEDS_REDIS, PASSWORD, RedisBroker
from tests.browser.conftest import CHROMIUM
from tests.mariadb_server import mariadb_server, needs_mariadb
from tests.specification import SETTINGS

pytestmark = [
    pytest.mark.xdist_group("services"),
    pytest.mark.timeout(1500),
    NEEDS_REDIS,
    needs_mariadb,
]

DOMAIN = "shop.localhost"
PATIENT = "discovery_read_timeout: 120"
"""Other tests may have the processors meanwhile."""
TRAITS = traits(Release.of(NEW["openedx_release"]))
PARTNER_CODE = "partn_id"


@dataclass
class Campus:
    """An instance with both services, and ways into what serves it."""

    installation: Installation
    appserver: int
    broker: RedisBroker

    @property
    def root(self) -> Path:
        return self.installation.hosts / f"appserver-{self.appserver}"

    def shell(self, script: str) -> str:
        """Run by bash on the app server."""
        number = str(self.appserver)
        return self.installation.ocim("appserver", "shell", number, "--", "bash", "-c", script)

    def python(self, service: Service, code: str) -> str:
        """Run by a service's Django."""
        return self.shell(manage(service, f"shell -c {shlex.quote(code)}", TRAITS, str(self.root)))

    def manage(self, service: Service, words: str) -> str:
        return self.shell(manage(service, words, TRAITS, str(self.root)))

    def verify(self, *options: str) -> dict[str, dict[str, Any]]:
        """Its lines by name, whatever they say."""
        done = self.start(*options, "--json")
        out, errors = done.communicate(timeout=PATIENCE)
        assert out, errors
        report = json.loads(out)
        assert report["ok"] == (done.returncode == 0)
        return {line["name"]: line for line in report["lines"]}

    def start(self, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", "services", "verify", DOMAIN, *options],
            cwd=REPOSITORY,
            env=self.installation.environment | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def setup(self, *steps: str) -> None:
        """As the lines say it."""
        words = [word for step in steps for word in ("--step", step)]
        self.installation.ocim("services", "setup", DOMAIN, *words, "--force")


class Quick(Installation):
    """One app server is made here, and not worth an image; verifications come later."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.environment |= {"OCIM_BUILD_IMAGES": "false", "OCIM_VERIFY_SERVICES": "false"}


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    with (
        RedisBroker() as broker,
        mariadb_server() as database,
        installed(tmp_path_factory.mktemp("ocim"), Quick) as running,
    ):
        running.ocim("search-server", "create", "main")
        running.environment["OCIM_BROKER_PASSWORD"] = PASSWORD
        running.ocim("broker", "register", "main", f"redis://127.0.0.1:{broker.host.port}")
        running.environment["OCIM_DATABASE_PASSWORD"] = database.admin.password.reveal()
        running.ocim("database-server", "register", "main", f"mysql://127.0.0.1:{database.port}")
        settings = f"configuration_extra_settings={SETTINGS}{PATIENT}"
        words = [f"{name}={value}" for name, value in NEW.items()]
        running.ocim("instance", "create", DOMAIN, "--database-server", "main", settings, *words)
        running.ocim("appserver", "spawn", DOMAIN, "--activate")
        (appserver,) = running.appservers(DOMAIN)
        campus = Campus(running, appserver["id"], broker)
        campus.python(Service.LMS, COURSES)
        campus.manage(Service.DISCOVERY, "refresh_course_metadata")
        campus.python(Service.DISCOVERY, SEATS)
        campus.manage(Service.DISCOVERY, "update_index --disable-change-limit")
        yield campus


COURSES = """
from rehearsal.edxapp.course_overviews.models import CourseOverview
for number in ("One", "Two", "Unsold"):
    CourseOverview.objects.create(
        org="edX", number=number, run="2026", display_name=number, published=True
    )
"""
SEATS = """
from rehearsal.discovery.course_metadata.models import CourseRun, Seat
for run in CourseRun.objects.exclude(key__contains="Unsold"):
    Seat.objects.create(course_run=run, type="audit")
"""
LEFT = """
from django.apps import apps
from django.contrib.auth import get_user_model
users = get_user_model().objects.filter(username__startswith="ocim-verify-")
things = apps.get_model("{app}", "{model}").objects.filter({field}__istartswith="ocim")
print("LEFT", [*users.filter({without}).values_list("username", flat=True), *things])
"""
OF_LMS = {"app": "course_overviews", "model": "CourseOverview", "field": "org", "without": ""}
OF_SHOP = {"app": "voucher", "model": "Voucher", "field": "name", "without": "orders=None"}


def left(campus: Campus) -> set[str]:
    """What there still is of verifications, besides the shop's books."""
    said = campus.python(Service.LMS, LEFT.format_map(OF_LMS))
    said += campus.python(Service.ECOMMERCE, LEFT.format_map(OF_SHOP))
    return {line for line in said.splitlines() if line.startswith("LEFT")}


def wrong(lines: dict[str, dict[str, Any]]) -> set[str]:
    """The names of lines that failed."""
    return {name for name, line in lines.items() if line["outcome"] == "failed"}


def test_a_killed_one_is_begun_again_cleans_up_and_finds_all_well(campus: Campus) -> None:
    process = campus.start("--purchase")
    assert process.stdout
    for line in process.stdout:
        if "purchase: receipt with test-card" in line:
            break
    for worker in campus.installation.processes("worker"):
        worker.kill()

    again, errors = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0, again + errors
    removed = again.partition("clean-up after an interrupted verification: ")[2].partition("\n")[0]
    assert "1 course at studio" in removed
    assert "4 users at lms" in removed
    order = again.partition("purchase: order with test-card: ")[2].partition("\n")[0]
    assert "1.00 GBP" in order
    assert "purchase: enrollment with test-card: verified, active\n" in again
    refunded = again.partition("purchase: enrollment with test-card, after the refund: ")[2]
    assert "not active" in refunded.partition("\n")[0]
    courses = again.partition("discovery: courses of the LMS: ")[2]
    assert courses.startswith("3 at the LMS, 3 in")
    assert left(campus) == {"LEFT []"}


CLIENT = """
from django.contrib.auth.models import User
from oauth2_provider.models import Application
client = Application.objects.get(client_id="{name}")
client.user = User.objects.exclude(pk=client.user_id).first()
client.client_secret = "another secret"
client.hash_client_secret = False
client.save()
"""
EMPTY = """
from django.conf import settings
from rehearsal.discovery.course_metadata.search_indexes.building import create, point
alias = settings.ELASTICSEARCH_INDEX_NAME
point(alias, create(alias))
"""


@contextmanager
def mended(campus: Campus, *steps: str) -> Iterator[None]:
    """What was broken within the block is mended after it, as the lines say."""
    try:
        yield
    finally:
        campus.setup(*steps)


def test_it_names_secret_cron_job_switch_and_empty_index(campus: Campus) -> None:
    with mended(campus, "clients", "job", "switches"):
        campus.python(Service.LMS, CLIENT.format(name="ecommerce-social-auth-edx-oauth2"))
        campus.shell("crontab -r")
        campus.manage(Service.ECOMMERCE, "waffle_switch payment_processor_active_test-card off")
        campus.python(Service.DISCOVERY, EMPTY)
        lines = campus.verify()
    campus.manage(Service.DISCOVERY, "update_index --disable-change-limit")

    assert wrong(lines) == {
        "ecommerce: sign-on",
        "ecommerce: payment processors",
        "discovery: cron job",
        "discovery: search, as found",
        "discovery: update_index without flags",
        "discovery: search",
    }
    assert "--step clients --force" in lines["ecommerce: sign-on"]["remedy"]
    assert "--step job --force" in lines["discovery: cron job"]["remedy"]
    assert "payment_processor_active_test-card" in lines["ecommerce: payment processors"]["remedy"]
    assert lines["discovery: search"]["compared"] == (
        "2 course runs to find, of 3 in the database; search finds 0"
    )
    assert "--step indexes --force" in lines["discovery: search"]["remedy"]


PARTNER = """
from rehearsal.ecommerce.partner.models import Partner
Partner.objects.update(short_code="{code}")
"""
PARTNERS = """
from rehearsal.ecommerce.partner.models import Partner
print("CODES", *Partner.objects.values_list("short_code", flat=True))
"""


WITHOUT_PERMISSIONS = """
from django.contrib.auth.models import User
User.objects.get(username="ecommerce_worker").groups.clear()
"""


@contextmanager
def dead_search(campus: Campus) -> Iterator[None]:
    """The search server is down within the block."""
    control = campus.installation.hosts / "search-main/bin/supervisorctl"
    subprocess.run([control, "stop", "elasticsearch"], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run([control, "start", "elasticsearch"], check=True, capture_output=True)


def test_it_names_search_server_partner_and_permissions(campus: Campus) -> None:
    with mended(campus, "permissions", "site"), dead_search(campus):
        campus.python(Service.ECOMMERCE, PARTNER.format(code="OTHER"))
        campus.python(Service.LMS, WITHOUT_PERMISSIONS)
        lines = campus.verify("--purchase")

    assert f"CODES {PARTNER_CODE}\n" in campus.python(Service.ECOMMERCE, PARTNERS)
    assert wrong(lines) == {
        "search server: main",
        "ecommerce: partner",
        "discovery: search, as found",
        "discovery: update_index without flags",
        "discovery: search",
        "purchase: seat",
    }
    assert lines["ecommerce: partner"]["compared"] == f"OTHER; expected {PARTNER_CODE}"
    assert "`ocim search-server show main`" in lines["discovery: search, as found"]["remedy"]
    assert "--step permissions --force" in lines["purchase: seat"]["remedy"]
    assert left(campus) == {"LEFT []"}


@contextmanager
def fault(campus: Campus, name: str) -> Iterator[None]:
    """The LMS misbehaves within the block."""
    path = campus.root / "edx/etc/lms.yml"
    whole = path.read_text()
    path.write_text(yaml.safe_dump({**yaml.safe_load(whole), "REHEARSAL_FAULTS": [name]}))
    restarted = "supervisorctl restart lms"
    try:
        campus.shell(restarted)
        yield
    finally:
        path.write_text(whole)
        campus.shell(restarted)


def test_it_names_refused_enrollments_and_the_client_of_discovery(campus: Campus) -> None:
    with mended(campus, "clients"), fault(campus, "refuse-enrollment"):
        campus.python(Service.LMS, CLIENT.format(name="discovery-backend-service-edx-oauth2"))
        lines = campus.verify("--purchase")

    assert wrong(lines) == {
        "discovery: client at the LMS",
        "purchase: order with the coupon",
        "purchase: order with test-card",
    }
    assert "--step clients --force" in lines["discovery: client at the LMS"]["remedy"]
    order = lines["purchase: order with test-card"]
    assert "Fulfillment Error" in order["compared"]
    assert "EDX_API_KEY" in order["remedy"]


ALWAYS_QUEUED = """
from waffle.models import Sample
Sample.objects.filter(name="async_order_fulfillment").update(percent={percent})
"""


def test_the_worker_fulfils_orders_and_while_the_broker_is_down_the_shop_itself(
    campus: Campus,
) -> None:
    logs = campus.root / "edx/var/log/supervisor"
    campus.python(Service.ECOMMERCE, ALWAYS_QUEUED.format(percent=100))
    try:
        by_worker = campus.verify("--purchase")
        campus.broker.kill()
        by_shop = campus.verify("--purchase")
    finally:
        campus.python(Service.ECOMMERCE, ALWAYS_QUEUED.format(percent=0))
        campus.broker.start()

    assert (wrong(by_worker), wrong(by_shop)) == (set(), set())
    broker = by_shop["broker server: main"]
    assert broker["outcome"] == "skipped"
    assert "does not answer" in broker["compared"]
    worker = (logs / "ecomworker-stderr.log").read_text()
    shop = (logs / "ecommerce-stderr.log").read_text()
    for lines, log, words in (
        (by_worker, worker, "Order {} is fulfilled."),
        (by_shop, shop, "Order {} is fulfilled at once: the queue is down."),
    ):
        number = lines["purchase: order with test-card"]["compared"].partition(":")[0]
        assert words.format(number) in log
    assert "ok" in campus.installation.ocim("broker", "show", "main")


PUBLISH = """
from ocim.operations.shop.demo import publish
from ocim.operations.shop.set_up import served_by
from ocim.store.models import OpenEdXInstance
from ocim.wiring import context
appserver = served_by(OpenEdXInstance.objects.get())
publish(appserver, "course-v1:edX+One+2026", "One", context())
"""


def test_a_person_finds_a_course_buys_it_and_has_it(campus: Campus) -> None:
    if not CHROMIUM:
        pytest.skip("chromium is not installed")
    campus.installation.ocim("shell", "-c", PUBLISH)
    campus.manage(Service.DISCOVERY, "refresh_course_metadata")
    port = campus.installation.https_port
    # Closed before the test ends: until then this thread has an event loop.
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--host-resolver-rules=MAP *.localhost 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.set_default_timeout(60_000)
        page.goto(f"https://{DOMAIN}:{port}/register")
        person = {"name": "Mira", "email": "mira@example.com", "username": "mira",
                  "password1": "a-long-Secret-1", "password2": "a-long-Secret-1"}  # fmt: skip
        for name, value in person.items():
            page.locator(f"input[name={name}]").fill(value)
        page.locator("main button").first.click()
        page.wait_for_url(f"https://{DOMAIN}:{port}/")  # signed in
        page.goto(f"https://discovery.{DOMAIN}:{port}/")
        page.locator("a.course", has_text="One").click()
        page.locator("main").get_by_text("Buy").click()
        page.locator("input[name=card_number]").fill("4242 4242 4242 4242")
        page.get_by_role("button", name="Pay").click()
        page.wait_for_url("**/checkout/receipt/**")
        page.goto(f"https://{DOMAIN}:{port}/dashboard")
        mine = page.locator("main").inner_text()
        browser.close()
    assert "course-v1:edX+One+2026 · verified" in mine
