"""Pictures of pages with a fleet that exists only for them; `bin/screenshots --fleet` runs this."""

# ruff: noqa: INP001, T201
import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from tests.browser.chromium import launch  # noqa: E402
from tests.browser.conftest import sign_in  # noqa: E402
from tests.browser.manager import Manager  # noqa: E402

LARGEST = 150_000
"""Size limit of a picture, in bytes."""
FAULTS = {
    "email": "nobody",
    "time_zone": "Mars",
    "configuration_extra_settings": "EDXAPP_PLATFORM_NAME: Aldgate\nEDXAPP_FEATURES: {A: true\n",
}


def main() -> None:
    """Take all pictures."""
    os.environ["OCIM_HTTPS_PORT"] = "443"
    with tempfile.TemporaryDirectory() as var, Manager(Path(var)) as manager:
        ids = manager.run("fleet")
        manager.run("workers")
        with sync_playwright() as playwright:
            browser = launch(playwright)
            size = ViewportSize(width=1200, height=760)
            page = browser.new_context(base_url=manager.url, viewport=size).new_page()
            sign_in(page)
            page.goto("/")
            take(page, "fleet")
            page.goto("/?organization=North+Campus&tag=paying")
            take(page, "filters")
            page.goto("/rollouts/new/?filter=tag%3Dpaying")
            page.get_by_label("Tag", exact=True).fill("lilac-2")
            page.get_by_label("Fields to change").fill("openedx_release: open-release/lilac.2")
            page.get_by_label("Waves").fill("1,25%")
            take(page, "rollout-form")
            page.goto(f"/instances/{ids['instance']}/edit/")
            for field, text in FAULTS.items():
                page.locator(f"#{field}").fill(text)
            page.get_by_role("button", name="Show what changes").click()
            take(page, "edit")
            browser.close()


def take(page: Page, name: str) -> None:
    """Save a picture of the page as it is. Raise SystemExit if the picture is too large."""
    path = HERE / f"{name}.png"
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.screenshot(path=path)
    size = path.stat().st_size
    if size > LARGEST:
        raise SystemExit(f"{path} has {size} bytes; the limit is {LARGEST}.")
    print(f"{path.relative_to(HERE.parents[1])}  {size} bytes")


if __name__ == "__main__":
    main()
