"""A passkey in Chromium, whose device is Chromium's own virtual one."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import sign_in
from tests.browser.manager import Manager

pytestmark = pytest.mark.xdist_group("browser")


def test_a_device_is_added_and_signs_in(manager: Manager, browser: Browser) -> None:
    # Browsers know passkeys of names only, not of addresses.
    with browser.new_context(base_url=manager.url.replace("127.0.0.1", "localhost")) as context:
        page = context.new_page()
        devices = context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        device = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
        }
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": device})
        sign_in(page)
        page.goto("/account/")
        page.get_by_label("Device").fill("Laptop")
        page.get_by_role("button", name="Add a passkey").click()
        expect(page.get_by_text("Added the passkey Laptop.")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.get_by_role("heading", name="Instances")).to_be_visible()
        page.goto("/account/")
        row = page.get_by_role("row", name=re.compile("^Laptop"))
        row.get_by_role("button", name="Remove").click()
        expect(page.get_by_text("Removed the passkey Laptop.")).to_be_visible()
