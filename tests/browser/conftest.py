"""A manager's web process with a database of its own, and a browser that looks at it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from tests.browser.chromium import CHROMIUM, launch
from tests.browser.manager import Manager

PASSWORD = "right"
"""Password of `admin` in the manager's database."""


@pytest.fixture(scope="package")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manager]:
    """Yield a web process, with an empty fleet."""
    with Manager(tmp_path_factory.mktemp("manager")) as manager:
        yield manager


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Yield Chromium; skip the test if there is none.

    Until it is closed this thread has an event loop, in which Django asks no database.
    """
    if not CHROMIUM:
        pytest.skip("chromium-headless-shell is not installed")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, manager: Manager) -> Iterator[Callable[[int], Page]]:
    """Open an empty page of so many pixels' width. What its console says at its end is a fault."""
    contexts: list[BrowserContext] = []
    output: list[str] = []

    def note(text: str) -> None:
        if "status of 422" not in text:  # a form with faults in it
            output.append(text)

    def opened(width: int) -> Page:
        size = ViewportSize(width=width, height=844)
        context = browser.new_context(base_url=manager.url, viewport=size)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: note(message.text))
        page.on("pageerror", lambda error: output.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert output == []


@pytest.fixture
def page(open_page: Callable[[int], Page]) -> Page:
    """Return a page on a desk."""
    return open_page(1280)


@pytest.fixture
def signed_in(page: Page) -> Page:
    """Return the list of instances, as somebody sees it who may change things."""
    sign_in(page)
    return page


def sign_in(page: Page, password: str = PASSWORD) -> None:
    """Sign in as `admin`."""
    page.goto("/")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Instances").wait_for()


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until the element with that id has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == wanted:
            return
    raise AssertionError(f"The keyboard does not get to {wanted}.")
