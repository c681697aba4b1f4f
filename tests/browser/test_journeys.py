"""Journeys through the pages, from the first sign-in to the undo of a rollout."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in, tab_to
from tests.browser.inspection import inspect
from tests.browser.manager import Manager

pytestmark = pytest.mark.xdist_group("browser")

PASSWORD = "a-long-word-of-ada's"


@pytest.fixture
def plain_page(browser: Browser, manager: Manager) -> Iterator[Page]:
    """Yield a page of a browser without JavaScript, in which an admin is signed in."""
    with browser.new_context(base_url=manager.url, java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page)
        yield page


def press(page: Page, name: str) -> None:
    """Press the only button of that name."""
    page.get_by_role("button", name=name, exact=True).click()


def test_a_new_viewer_sets_a_password_signs_in_and_changes_nothing(
    manager: Manager, signed_in: Page, open_page: Callable[[int], Page]
) -> None:
    instance = manager.run("serving", "Seen by Vera")
    signed_in.goto("/people/")
    signed_in.get_by_label("Name").fill("vera")
    press(signed_in, "Create the account")
    link = signed_in.locator("#link").inner_text()

    page = open_page(1200)
    page.goto(link)
    inspect(page)
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    press(page, "Set the password")
    page.get_by_label("Name").fill("vera")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Instances")
    expect(page.get_by_role("link", name="Create an instance")).to_have_count(0)
    expect(page.get_by_role("checkbox")).to_have_count(0)
    page.goto(f"/instances/{instance}/")
    expect(page.get_by_role("button", name="Spawn an app server")).to_have_count(0)
    expect(page.get_by_role("link", name="Edit")).to_have_count(0)
    for address in (f"/instances/{instance}/edit/", "/instances/new/", "/people/", "/audit/"):
        response = page.request.get(address)
        assert response.status == 403, address
    page.goto(f"/instances/{instance}/")
    inspect(page)


def test_an_instance_is_created_gets_its_services_and_comes_up(
    manager: Manager, signed_in: Page
) -> None:
    manager.run("serving", "A first one")  # it registers the servers that instances share
    signed_in.get_by_role("link", name="Create an instance").click()
    signed_in.get_by_label("Domain").fill("harbour.localhost")
    signed_in.get_by_label("Name", exact=True).fill("Harbour School")
    expect(signed_in.get_by_text("studio.harbour.localhost")).to_be_visible()
    press(signed_in, "Create")
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Harbour School")
    address = signed_in.url
    signed_in.get_by_role("link", name="Ecommerce and discovery are disabled").click()
    signed_in.get_by_label("Ecommerce").check()
    signed_in.get_by_label("Partner code").fill("HARB")
    press(signed_in, "Save")
    expect(signed_in.get_by_label("Ecommerce")).to_be_checked()
    inspect(signed_in)
    signed_in.goto(address)
    expect(signed_in.get_by_role("link", name="Ecommerce", exact=True)).to_be_visible()
    signed_in.get_by_label("Activate when healthy").check()
    press(signed_in, "Spawn an app server")
    expect(signed_in.get_by_role("heading", level=1)).to_have_text(re.compile("App server"))
    [number] = re.findall(r"\d+", signed_in.url.rpartition("appservers")[2])
    state = signed_in.locator("p.state")
    for step in ("provisioning", "checking", "running"):
        manager.run("move", int(number), step)
        expect(state).to_contain_text(step, timeout=20_000)


def test_five_faults_are_shown_beside_their_fields(manager: Manager, signed_in: Page) -> None:
    instance = manager.run("instance", "Faulty")
    signed_in.goto(f"/instances/{instance}/edit/")
    faults = {
        "email": "nobody",
        "time_zone": "Mars",
        "internal_lms_domain": "not a domain",
        "openedx_appserver_count": "many",
        "configuration_extra_settings": "a: 1\nb: [\n",
    }
    for field, text in faults.items():
        signed_in.locator(f"#{field}").fill(text)
    press(signed_in, "Show what changes")
    expect(signed_in.get_by_role("alert")).to_contain_text("Nothing is saved: 5 faults.")
    for field, text in faults.items():
        expect(signed_in.locator(f"#{field}")).to_have_attribute("aria-invalid", "true")
        expect(signed_in.locator(f"#about-{field} .faults li")).to_have_count(1)
        expect(signed_in.locator(f"#{field}")).to_have_value(text)
    inspect(signed_in)
    signed_in.locator("#email").fill("new@example.com")
    for field in ("time_zone", "openedx_appserver_count"):
        signed_in.locator(f"#{field}").fill({"time_zone": "Europe/Rome"}.get(field, "1"))
    signed_in.locator("#internal_lms_domain").fill("faulty.localhost")
    signed_in.locator("#configuration_extra_settings").fill("EDXAPP_CONTACT_EMAIL: a@example.com")
    press(signed_in, "Show what changes")
    expect(signed_in.get_by_text("EDXAPP_CONTACT_EMAIL")).not_to_have_count(0)
    inspect(signed_in)
    press(signed_in, "Save")
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Faulty")
    expect(signed_in.get_by_text("new@example.com")).to_be_visible()


def test_a_rollout_is_planned_run_paused_resumed_and_undone(
    manager: Manager, signed_in: Page
) -> None:
    for name in ("Rolled one", "Rolled two"):
        manager.run("serving", name)
    signed_in.get_by_role("searchbox").press_sequentially("rolled")
    expect(signed_in.locator("#total")).to_contain_text("2 instances match")
    signed_in.get_by_label("All 2 that match").check()
    signed_in.get_by_label("With the selected:").select_option("Plan a rollout")
    press(signed_in, "Continue…")
    expect(signed_in.get_by_text("2 instances selected")).to_be_visible()
    signed_in.get_by_label("Tag", exact=True).fill("spring")
    signed_in.get_by_label("Fields to change").fill("email: spring@example.com")
    press(signed_in, "Preview")
    expect(signed_in.get_by_text("Rolled one (rolled-one.localhost")).to_be_visible()
    inspect(signed_in)
    press(signed_in, "Start the rollout")
    expect(signed_in.get_by_text("Type the tag 'spring'")).to_be_visible()
    signed_in.get_by_label("Type the tag to confirm").fill("spring")
    press(signed_in, "Start the rollout")
    state = signed_in.locator("#state")
    expect(state).to_contain_text("under way")
    rollout = int(signed_in.url.rstrip("/").rpartition("/")[2])
    press(signed_in, "Pause")
    expect(state).to_contain_text("paused")
    signed_in.get_by_role("link", name="Resume…").click()
    press(signed_in, "Resume")
    expect(state).to_contain_text("under way")
    manager.run("upgraded", rollout)
    expect(state).to_contain_text("ended", timeout=40_000)
    signed_in.get_by_role("link", name="Undo…").click()
    inspect(signed_in)
    signed_in.get_by_label("Type the tag to confirm").fill("spring")
    press(signed_in, "Undo")
    expect(signed_in.get_by_text("Undo requested")).to_be_visible()
    history = signed_in.locator("section", has=signed_in.get_by_role("heading", name="History"))
    expect(history).to_contain_text("Undone by admin: 2 instances")


def test_instances_are_found_and_tagged_with_the_keyboard_alone(
    manager: Manager, page: Page
) -> None:
    manager.run("serving", "Typed and tagged")
    page.goto("/")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type("right")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Instances")
    tab_to(page, "q")
    page.keyboard.type("typed and")
    page.wait_for_url("**/?q=typed+and")
    expect(page.locator("#total")).to_contain_text("1 instance match")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "id":
            break
    page.keyboard.press("Space")
    tab_to(page, "change")
    page.keyboard.type("Tag")
    tab_to(page, "bulk")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tag: 1 instance")
    tab_to(page, "tag")
    page.keyboard.type("typed")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).not_to_have_count(0)
    expect(
        page.get_by_role("row", name=re.compile("Typed and tagged")).get_by_text(
            "typed", exact=True
        )
    ).to_be_visible()


def test_forms_work_without_javascript(manager: Manager, plain_page: Page) -> None:
    page = plain_page
    page.goto("/instances/new/")
    page.get_by_label("Domain").fill("plain.localhost")
    press(page, "Show the addresses")
    expect(page.get_by_text("studio.plain.localhost")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Plain School")
    press(page, "Create")
    expect(page.get_by_role("heading", level=1)).to_have_text("Plain School")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Notes").fill("No script.")
    press(page, "Show what changes")
    press(page, "Save")
    expect(page.get_by_text("No script.")).to_be_visible()
    page.goto("/")
    page.get_by_role("searchbox").fill("plain school")
    press(page, "Search")
    expect(page.locator("#total")).to_contain_text("1 instance match")
    page.get_by_label("Select Plain School").check()
    page.get_by_label("With the selected:").select_option("Tag")
    press(page, "Continue…")
    page.get_by_label("Tag", exact=True).fill("plain")
    press(page, "Tag")
    expect(
        page.get_by_role("row", name=re.compile("Plain School")).get_by_text("plain", exact=True)
    ).to_be_visible()
