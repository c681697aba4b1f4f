"""The journey through the pages to an instance with a shop and a catalogue, which real workers do.

Tests of the group `services` use what it makes; one of them buys a course there.
"""

import re
from collections.abc import Mapping

from playwright.sync_api import Page, sync_playwright

from tests.acceptance.installation import PATIENCE, Installation
from tests.browser.chromium import launch
from tests.browser.conftest import sign_in

SWITCHES = re.compile(r"^SANDBOX_ENABLE_\w+: yes\n", re.MULTILINE)
"""Lines of the settings that the page of the services writes."""


def create_by_pages(
    installation: Installation, domain: str, fields: Mapping[str, str], database_server: str | None
) -> None:
    """Create an instance with these settings, enable both services, and wait until it serves."""
    [password] = re.findall(r"password (\S+) \(shown only", installation.said)
    settings = fields["configuration_extra_settings"]
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(base_url=f"http://{installation.web_address}")
        page.set_default_timeout(PATIENCE * 1000)
        sign_in(page, password)
        _create(page, domain, database_server)
        _edit(page, {**fields, "configuration_extra_settings": SWITCHES.sub("", settings)})
        _enable_services(page)
        _spawn(page)
        browser.close()


def _create(page: Page, domain: str, database_server: str | None) -> None:
    page.get_by_role("link", name="Create an instance").click()
    page.get_by_label("Domain").fill(domain)
    if database_server:
        page.get_by_label("Database server").select_option(database_server)
    page.get_by_role("button", name="Create", exact=True).click()
    _wait_for(page, "Created")


def _edit(page: Page, fields: Mapping[str, str]) -> None:
    page.get_by_role("link", name="Edit", exact=True).click()
    for name, text in fields.items():
        page.locator(f"#{name}").fill(text)
    page.get_by_role("button", name="Show what changes").click()
    page.get_by_role("button", name="Save").click()
    _wait_for(page, "Saved")


def _enable_services(page: Page) -> None:
    address = page.url
    page.get_by_role("link", name="Ecommerce and discovery are disabled").click()
    for service in ("Ecommerce", "Discovery"):
        page.get_by_label(service, exact=True).check()
    page.get_by_role("button", name="Save").click()
    _wait_for(page, "Saved")
    page.goto(address)
    page.get_by_role("link", name="Discovery, Ecommerce").wait_for()


def _spawn(page: Page) -> None:
    page.get_by_label("Activate when healthy").check()
    page.get_by_role("button", name="Spawn an app server").click()
    page.locator("p.state", has_text=re.compile("active|failed")).wait_for()  # it follows workers
    # Once the app server is active, its job goes on with set-up steps that need that.
    page.locator("#progress .jobs").wait_for(state="detached")
    state = page.locator("p.state").inner_text()
    assert "active" in state, page.locator("main").inner_text()[:5000]


def _wait_for(page: Page, message: str) -> None:
    page.locator(".message", has_text=message).wait_for()
