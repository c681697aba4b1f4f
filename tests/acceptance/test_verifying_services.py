"""A shop and a catalogue on MariaDB and Redis: a verification that is killed, and a learner."""

import pytest
from playwright.sync_api import sync_playwright

from ocim.core.instance import Service
from tests.acceptance.installation import PATIENCE, until
from tests.browser.chromium import CHROMIUM, launch
from tests.campus import DOMAIN, Campus

pytestmark = [pytest.mark.xdist_group("services"), pytest.mark.timeout(1500)]


@pytest.fixture
def campus(shop_campus: Campus) -> Campus:
    return shop_campus


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
    """Return the leftovers of verifications, without the shop's books."""
    output = campus.python(Service.LMS, LEFT.format_map(OF_LMS))
    output += campus.python(Service.ECOMMERCE, LEFT.format_map(OF_SHOP))
    return {line for line in output.splitlines() if line.startswith("LEFT")}


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


PUBLISH = """
from ocim.operations.shop.demo import publish
from ocim.operations.shop.set_up import served_by
from ocim.store.models import OpenEdXInstance
from ocim.wiring import context
appserver = served_by(OpenEdXInstance.objects.get(internal_lms_domain="shop.localhost"))
publish(appserver, "course-v1:edX+One+2026", "One", context())
"""


def test_a_person_finds_a_course_buys_it_and_has_it(campus: Campus) -> None:
    if not CHROMIUM:
        pytest.skip("chromium-headless-shell is not installed")
    campus.installation.ocim("shell", "-c", PUBLISH)
    campus.manage(Service.DISCOVERY, "refresh_course_metadata")
    port = campus.installation.https_port
    # Closed before the test ends: until then this thread has an event loop.
    with sync_playwright() as playwright:
        browser = launch(playwright, "--host-resolver-rules=MAP *.localhost 127.0.0.1")
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.set_default_timeout(120_000)
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

        def has_course() -> bool:  # once the shop's worker has fulfilled the order
            page.goto(f"https://{DOMAIN}:{port}/dashboard")
            return "course-v1:edX+One+2026 · verified" in page.locator("main").inner_text()

        until(has_course, "The learner does not have the course.")
        browser.close()
