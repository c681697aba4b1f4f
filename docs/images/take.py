"""The README's pictures, taken of a running installation; `bin/screenshots` runs this."""

# ruff: noqa: INP001, T201
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import django
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from tests.browser.chromium import launch  # noqa: E402

SIZE = ViewportSize(width=1200, height=720)
LARGEST = 200_000
"""Size limit of a picture, in bytes."""


def main(domain: str) -> None:
    """Take all pictures, those of an instance of the one with that domain."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ocim.project.settings")
    django.setup()
    from django.conf import settings  # noqa: PLC0415 - after the set-up

    from ocim.store.models import Rollout  # noqa: PLC0415
    from ocim.store.selectors import find_instance  # noqa: PLC0415
    from ocim.wiring import instance_url  # noqa: PLC0415

    manager = f"http://{settings.OCIM.web_address}"
    instance = find_instance(domain)
    newest = instance.appserver_set.order_by("-id").first()
    rollout = Rollout.objects.order_by("-id").first()
    # The database is read above: Playwright's own loop runs in this thread from here on.
    site = instance_url(instance)
    with session() as cookie, sync_playwright() as playwright:
        browser = launch(playwright)
        page = opened(browser)
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": manager}])
        take(page, f"{manager}/instances/{instance.pk}/", "instance")
        if newest:
            take(page, f"{manager}/appservers/{newest.pk}/", "appserver")
        if rollout:
            take(page, f"{manager}/rollouts/{rollout.pk}/", "rollout")
        # The browser does not trust the installation's own authority.
        take(opened(browser, ignore_https_errors=True), site, "site")
        browser.close()


def opened(browser: Browser, *, ignore_https_errors: bool = False) -> Page:
    """Open an empty page."""
    return browser.new_context(viewport=SIZE, ignore_https_errors=ignore_https_errors).new_page()


def take(page: Page, url: str, name: str) -> None:
    """Open the address and save a screenshot.

    Raise SystemExit if it cannot be opened, or if the picture is too large.
    """
    answer = page.goto(url)
    if answer is None or not answer.ok:
        raise SystemExit(f"Cannot open {url}. Start Ocim with `make run`.")
    path = HERE / f"{name}.png"
    page.screenshot(path=path)
    size = path.stat().st_size
    if size > LARGEST:
        raise SystemExit(f"{path} has {size} bytes; the limit is {LARGEST}.")
    print(f"{path.relative_to(HERE.parents[1])}  {size} bytes  {url}")


@contextmanager
def session() -> Iterator[str]:
    """Yield the cookie of an admin's session, which ends with the block."""
    from django.conf import settings  # noqa: PLC0415
    from django.contrib.auth import (  # noqa: PLC0415
        BACKEND_SESSION_KEY,
        HASH_SESSION_KEY,
        SESSION_KEY,
        get_user_model,
    )

    admin = get_user_model()._default_manager.filter(is_superuser=True).order_by("pk").first()
    if admin is None:
        raise SystemExit("This installation has no admin. Run `make run` first.")
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(admin.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    store[HASH_SESSION_KEY] = admin.get_session_auth_hash()
    store.create()
    try:
        yield store.session_key
    finally:
        store.delete()


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["demo.localhost"]))
