"""Chromium on a machine whose interfaces come and go."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.chromium import CHROMIUM

ROOT = Path(__file__).parents[2]
OWN_NETWORK = ("unshare", "--map-root-user", "--net")
INTERFACE = "ip link add coming type veth peer name other"


def test_a_page_loads_while_interfaces_come_and_go() -> None:
    if not CHROMIUM or not shutil.which("ip"):
        pytest.skip("chromium or iproute2 is not installed")
    if subprocess.run([*OWN_NETWORK, *INTERFACE.split()], check=False).returncode:
        pytest.skip("this machine lets nobody make networks")
    words = [*OWN_NETWORK, sys.executable, "-m", "tests.browser.changing_network"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.split() == ["200"] * 12, done.stderr


def test_what_the_launcher_starts_gets_no_netlink_socket() -> None:
    code = (
        "import socket; from tests.browser.launcher import refuse_netlink; refuse_netlink()\n"
        "socket.socket(socket.AF_INET).close()\n"
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert "Errno 97" in done.stderr, done.stderr


def test_nothing_starts_chromium_without_the_launcher() -> None:
    paths = [path for folder in ("docs", "tests") for path in (ROOT / folder).rglob("*.py")]
    starting = [path.name for path in paths if "executable_path" in path.read_text()]
    assert {*starting} == {"chromium.py", Path(__file__).name}
