"""The pages in a browser, against a real web process."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in, tab_to
from tests.browser.inspection import inspect
from tests.browser.manager import Manager

pytestmark = pytest.mark.xdist_group("browser")


def line(page: Page, text: str) -> None:
    """Wait until the log has that line, once."""
    expect(page.get_by_role("log").get_by_text(text, exact=True)).to_have_count(1, timeout=20_000)


def test_signing_in_leads_to_the_list(manager: Manager, signed_in: Page) -> None:
    manager.run("instance", "Listed")
    signed_in.reload()
    row = signed_in.get_by_role("row", name=re.compile("^Select Listed "))
    expect(row.get_by_text("down")).to_be_visible()
    expect(signed_in.get_by_text("No worker is running.")).to_be_visible()


def test_the_apis_page_lists_its_operations(signed_in: Page) -> None:
    signed_in.goto("/api/v1/")
    expect(signed_in.get_by_text("Create an instance", exact=True)).to_be_visible(timeout=60_000)


def test_an_app_server_is_spawned_with_the_keyboard_alone(
    manager: Manager, signed_in: Page
) -> None:
    instance = manager.run("instance", "Keyboard")
    signed_in.goto(f"/instances/{instance}/")
    signed_in.keyboard.press("Tab")
    expect(signed_in.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    signed_in.keyboard.press("Enter")
    tab_to(signed_in, "activate")
    signed_in.keyboard.press("Space")
    tab_to(signed_in, "spawn")
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_role("heading", level=1)).to_have_text(re.compile("App server"))
    [[kind, arguments]] = manager.run("jobs", instance)
    assert kind == "spawn"
    assert arguments["activate"] is True


def test_the_log_grows_while_one_looks(manager: Manager, signed_in: Page) -> None:
    made = manager.run("appserver", manager.run("instance", "Growing"), "provisioning")
    manager.run("write", made, "written before")
    signed_in.goto(f"/appservers/{made}/")
    line(signed_in, "written before")
    manager.run("write", made, "written meanwhile", "<b>not bold</b>")
    line(signed_in, "written meanwhile")
    line(signed_in, "<b>not bold</b>")


def test_a_browser_that_was_cut_off_misses_nothing_and_shows_nothing_twice(
    manager: Manager, browser: Browser
) -> None:
    made = manager.run("appserver", manager.run("instance", "Cut off"), "provisioning")
    with browser.new_context(base_url=manager.url) as context:
        page = context.new_page()
        sign_in(page)
        page.goto(f"/appservers/{made}/")
        manager.run("write", made, "before the cut")
        line(page, "before the cut")
        # A proxy answers in place of the manager: the browser gives up, and the page does not.
        page.route("**/events/**", lambda route: route.fulfill(status=502), times=1)
        with page.expect_response(lambda response: response.status == 502):
            manager.kill_and_start_again()
            manager.run("write", made, "during the cut")
        line(page, "during the cut")
        line(page, "before the cut")


def test_the_state_of_app_servers_follows_without_a_reload(
    manager: Manager, signed_in: Page
) -> None:
    instance = manager.run("instance", "Following")
    made = manager.run("appserver", instance, "checking")
    signed_in.goto(f"/instances/{instance}/")
    row = signed_in.get_by_role("row", name=f"App server {made}")
    expect(row.get_by_text("checking")).to_be_visible()
    manager.run("move", made, "running")
    expect(row.get_by_text("running")).to_be_visible(timeout=20_000)
    expect(row.get_by_role("button", name=f"Activate app server {made}")).to_be_visible()
    announced = signed_in.locator("#announcer")
    expect(announced).to_contain_text(f"App server {made}: running.")


def test_a_termination_is_confirmed_first(manager: Manager, signed_in: Page) -> None:
    instance = manager.run("instance", "Ending")
    made = manager.run("appserver", instance, "running")
    signed_in.goto(f"/instances/{instance}/")
    signed_in.get_by_role("link", name=f"Terminate app server {made}").click()
    expect(signed_in.get_by_text("cannot be restored")).to_be_visible()
    assert manager.run("jobs", instance) == []
    signed_in.get_by_role("button", name=f"Terminate app server {made}").click()
    expect(signed_in.get_by_text(f"Waiting: terminating app server {made}")).to_be_visible()
    assert manager.run("jobs", instance) == [["terminate", {"appservers": [made]}]]


def test_a_rollout_is_followed_and_stopped_with_the_keyboard(
    manager: Manager, signed_in: Page
) -> None:
    rollout = manager.run("rollout", "First", "Second")
    signed_in.goto(f"/rollouts/{rollout}/")
    row = signed_in.get_by_role("row", name=re.compile("^First"))
    expect(row.get_by_text("pending")).to_be_visible()
    manager.run("upgrade", rollout, "First", "in progress", "provisioning")
    expect(row.get_by_text("provisioning, since")).to_be_visible(timeout=20_000)
    row.get_by_text("1 step").click()
    manager.run("upgrade", rollout, "First", "successful", "activation")
    expect(row.get_by_text("successful")).to_be_visible(timeout=20_000)
    expect(row.get_by_text("activation")).to_be_visible()  # what was opened is open
    expect(signed_in.locator("#announcer")).to_contain_text("1 successful.")

    tab_to(signed_in, "abort")
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_text("Pending upgrades are cancelled (1 instance)")).to_be_visible()
    tab_to(signed_in, "confirm")
    signed_in.keyboard.press("Enter")
    expect(signed_in.locator("#state")).to_contain_text("aborted", timeout=20_000)
    assert manager.run("rollout_state", rollout) == "aborted"


def test_the_preview_password_appears_in_its_place(manager: Manager, signed_in: Page) -> None:
    made = manager.run("appserver", manager.run("instance", "Preview"), "running")
    signed_in.goto(f"/appservers/{made}/")
    signed_in.get_by_role("button", name="Show the password").click()
    expect(signed_in.locator("#preview-password code").last).to_have_text(re.compile(r"^\w{32}$"))
    assert signed_in.url.endswith(f"/appservers/{made}/")


def test_long_words_fit_on_the_pages(manager: Manager, signed_in: Page) -> None:
    instance = manager.run("instance", "The Academy of Things That Are Wide")
    made = manager.run("appserver", instance, "running")
    manager.run("write", made, "a-word-that-does-not-end" * 20)
    rollout = manager.run("rollout", "A-Rollout-of-Things-That-Are-Wide-And-Do-Not-End")
    for address in (f"/appservers/{made}/", f"/rollouts/{rollout}/", "/?q=Wide"):
        signed_in.goto(address)
        inspect(signed_in)


def test_addresses_follow_a_domain_while_it_is_typed(signed_in: Page) -> None:
    signed_in.goto("/instances/new/")
    signed_in.get_by_label("Domain").press_sequentially("north.example.com")
    expect(signed_in.get_by_text("studio.north.example.com")).to_be_visible()


def test_line_numbers_grow_with_the_text(manager: Manager, signed_in: Page) -> None:
    signed_in.goto(f"/instances/{manager.run('instance', 'Numbered')}/edit/")
    signed_in.get_by_label("Extra settings").fill("a: 1\n" * 20)
    expect(signed_in.locator(".gutter li").last).to_have_text("24")


def test_a_search_in_the_configuration_needs_no_other_page(
    manager: Manager, signed_in: Page
) -> None:
    signed_in.goto(f"/instances/{manager.run('instance', 'Searched')}/configuration/")
    signed_in.get_by_role("searchbox").press_sequentially("platform_name")
    expect(signed_in.get_by_text("EDXAPP_PLATFORM_NAME")).to_be_visible()
    expect(signed_in.get_by_text("EDXAPP_CONTACT_EMAIL")).to_have_count(0)
