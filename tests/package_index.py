"""The check whether packages can be downloaded, for tests that need some."""

import subprocess
from functools import cache

import pytest
import uv

OLD_ANSIBLE = "ansible==2.9.27"


def require_package_index() -> None:
    """Skip the test where there is no index, or only one without old packages."""
    if reason := _why_not():
        pytest.skip(reason)


@cache
def _why_not() -> str:
    words = ["pip", "compile", "--quiet", "--no-deps", "-"]
    result = subprocess.run(
        [uv.find_uv_bin(), *words],
        input=OLD_ANSIBLE,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return f"needs a package index that has {OLD_ANSIBLE}" if result.returncode else ""
