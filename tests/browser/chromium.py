"""Chromium, as tests and pictures of the documentation start it."""

import shutil
from pathlib import Path

from playwright.sync_api import Browser, Playwright

CHROMIUM = shutil.which("chromium-headless-shell")  # a third of the processor time
LAUNCHER = Path(__file__).with_name("launcher.py")


def launch(playwright: Playwright, *arguments: str) -> Browser:
    """Start Chromium, which must be installed. It has no sandbox, as root cannot have that."""
    return playwright.chromium.launch(executable_path=LAUNCHER, args=["--no-sandbox", *arguments])
