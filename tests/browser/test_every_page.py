"""Rules of axe-core and of HTML for every page, with a fleet, at two widths, light and dark."""

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page

from tests.browser.conftest import sign_in
from tests.browser.inspection import inspect
from tests.browser.manager import Manager
from tests.validator import MISSING, Validator
from tests.web.test_rights import TABLE

pytestmark = pytest.mark.xdist_group("browser")

NO_PAGES = ("-progress", "-events", "-addresses", "-log", "-download", "-report")
"""Ends of the names of what is part of a page, or a file."""
OF_ADMIN = 4
"""Place of the status that an admin gets, in the table."""
PAGES = {
    name: arguments
    for name, (method, arguments, statuses) in TABLE.items()
    if method == "get" and statuses[OF_ADMIN] == 200 and not name.endswith(NO_PAGES)
}
MORE = {
    "no instance matches": "/?q=nowhere",
    "a filter that cannot be used": "/?state=bogus&tag=",
    "filters in use": "/?state=on+the+web&tag=paying&sort=name",
    "tag": "/bulk/?change=tag&id={instance}",
    "hold": "/bulk/?change=hold&id={instance}",
    "spawn": "/bulk/?change=spawn&id={instance}",
    "maintenance of many": "/bulk/?change=maintenance&id={instance}",
    "a rollout of a filter": "/rollouts/new/?filter=tag%3Dpaying",
    "abort": "/rollouts/{rollout}/abort/",
    "undo": "/rollouts/{rollout}/undo/",
    "terminate": "/appservers/{appserver}/terminate/",
    "a failed app server": "/appservers/{failed}/",
    "archive": "/instances/{instance}/archive/",
    "no such change": "/audit/?action=never",
    "not found": "/nowhere/",
    "the password link": "/password/set/MQ/x-y/",
}


@pytest.fixture(scope="module")
def ids(manager: Manager) -> dict[str, int]:
    """Return the id of an object of each kind, in a fleet."""
    made: dict[str, int] = manager.run("fleet")
    return made


@pytest.fixture(scope="module")
def admin_page(browser: Browser, manager: Manager) -> Iterator[Page]:
    """Yield a page whose browser an admin signed in."""
    with browser.new_context(base_url=manager.url) as context:
        page = context.new_page()
        sign_in(page)
        yield page


@pytest.fixture(scope="module")
def validator() -> Iterator[Validator | None]:
    """Yield the validator, where it is installed."""
    if MISSING:
        yield None
        return
    with Validator() as validator:
        yield validator


def judge(
    page: Page, address: str, validator: Validator | None, *, statuses: tuple[int, ...] = (200,)
) -> None:
    """Open a page, and hold it against all rules."""
    response = page.goto(address)
    assert response
    assert response.status in statuses, address
    if validator:
        assert validator.faults(response.text()) == [], address
    inspect(page)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_keeps_the_rules(
    admin_page: Page, ids: dict[str, int], validator: Validator | None, name: str
) -> None:
    kind = name.partition("-")[0]
    pk = ids.get(kind, ids["instance"])
    arguments = [pk if argument == 1 else argument for argument in PAGES[name]]
    judge(admin_page, reverse(name, args=arguments), validator)


@pytest.mark.parametrize("name", MORE)
def test_a_state_of_a_page_keeps_the_rules(
    admin_page: Page, ids: dict[str, int], validator: Validator | None, name: str
) -> None:
    judge(admin_page, MORE[name].format_map(ids), validator, statuses=(200, 400, 404))


def test_the_pages_of_a_sign_in_keep_the_rules(
    browser: Browser, manager: Manager, validator: Validator | None
) -> None:
    first, second, *_ = manager.run("second_factor", "zoe")
    manager.run("locked", "yann")
    with browser.new_context(base_url=manager.url) as context:
        page = context.new_page()

        def submit(button: str, **fields: str) -> None:
            for label, text in fields.items():
                page.get_by_label(label).fill(text)
            page.get_by_role("button", name=button).click()
            page.wait_for_load_state()

        judge(page, "/sign-in/", validator)
        submit("Sign in", Name="zoe", Password="wrong")
        page.get_by_role("alert").wait_for()
        inspect(page)
        submit("Sign in", Name="zoe", Password="right")
        judge(page, "/sign-in/second-step/", validator)
        submit("Sign in", Code="nonsense")
        page.get_by_role("alert").wait_for()
        inspect(page)
        submit("Sign in", Code=first)
        judge(page, "/account/second-factor/", validator)
        submit("Make new recovery codes", Code=second)
        page.get_by_text("The old ones work no more.").wait_for()
        inspect(page)
    with browser.new_context(base_url=manager.url) as context:
        page = context.new_page()
        judge(page, "/sign-in/single/return/", validator, statuses=(200, 400, 403))
        page.goto("/sign-in/")
        submit("Sign in", Name="yann", Password="right")
        page.get_by_role("heading", name="Sign-in is locked").wait_for()
        inspect(page)
