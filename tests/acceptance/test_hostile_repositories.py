"""Repositories whose authors mean harm, in an installation with local hosts."""

from pathlib import Path

import pytest

from tests.acceptance import hostile
from tests.acceptance.installation import Installation
from tests.adapters.test_ansible_sandbox import needs_sandbox

pytestmark = [needs_sandbox, pytest.mark.timeout(600)]


def test_a_hostile_repository_gets_nothing(
    installation: Installation, campus: str, tmp_path: Path
) -> None:
    hostile.gets_nothing(installation, campus, tmp_path)
