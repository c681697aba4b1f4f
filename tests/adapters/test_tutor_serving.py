"""Directories that containers share with app servers of other provisioners."""

import os
from pathlib import Path

import pytest

from ocim.adapters.provisioners.tutor.rendering import Rendered
from ocim.adapters.provisioners.tutor.serving import OWNER, make_directories

COMPOSE = """
services:
  lms: {volumes: ["../../data/openedx-media:/openedx/media"]}
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: all files have one owner")
def test_containers_may_write_beside_what_app_servers_of_ansible_have_written(
    tmp_path: Path,
) -> None:
    uploads = tmp_path / "storage" / "media"
    picture = uploads / "profile-images" / "mira.jpg"
    picture.parent.mkdir(parents=True)
    picture.touch(mode=0o644)
    root = tmp_path / "host"
    local = root / "env" / "local"
    local.mkdir(parents=True)
    for name in ("docker-compose.yml", "docker-compose.prod.yml", "docker-compose.jobs.yml"):
        (local / name).write_text(COMPOSE)

    make_directories(Rendered(root, "", ()), {"openedx-media": uploads})

    assert (root / "data" / "openedx-media").resolve() == uploads
    assert uploads.stat().st_uid == OWNER
    assert picture.parent.stat().st_mode & 0o777 == 0o777
    assert (picture.stat().st_uid, picture.stat().st_mode & 0o777) == (0, 0o666)
