"""Directories of data that the containers see, and those that app servers share."""

import os
import shutil
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ocim.adapters.provisioners.tutor.rendering import Rendered
from ocim.catalog.variables.uploads import DISCOVERY

OWNER = 1000
"""User of Open edX in all images."""
_ALL, _ALL_FILES = 0o777, 0o666


def shared(variables: Mapping[str, Any]) -> dict[str, Path]:
    """Return the directories of uploads, which outlive app servers, by their name in `data`."""
    media = Path(variables["edxapp_media_dir"])
    result = {"openedx-media": media, "openedx-media-private": media.with_name("media-private")}
    settings = variables.get(DISCOVERY)
    if isinstance(settings, Mapping) and settings.get("MEDIA_ROOT"):
        result["discovery/media"] = Path(settings["MEDIA_ROOT"])
    return result


def make_directories(rendered: Rendered, links: Mapping[str, Path]) -> None:
    """Make the directories that containers see, as their user's; those in `links` lead elsewhere.

    Docker would make them as root's, and the LMS could not write there.
    """
    data = rendered.root / "data"
    for path in rendered.data_directories():
        target = links.get(str(path.relative_to(data)))
        if target is None:
            _make(path)
        elif not path.is_symlink():
            _make(target)
            _share(target)
            _make(path.parent)
            with suppress(FileNotFoundError):
                path.rmdir()  # it is empty: no container has seen it
            path.symlink_to(target)


def _share(path: Path) -> None:
    """Let containers write to a directory that another user's app servers have written to.

    These may serve again, so their files stay theirs. Nobody else gets as far as the directory.
    """
    if os.geteuid() != 0 or path.stat().st_uid == OWNER:
        return
    for directory, _, files in os.walk(path):
        Path(directory).chmod(_ALL | stat.S_IMODE(Path(directory).stat().st_mode))
        for name in files:
            file = Path(directory, name)
            if not file.is_symlink():
                file.chmod(_ALL_FILES | stat.S_IMODE(file.stat().st_mode))
    shutil.chown(path, OWNER)  # last: it says that all is done


def _make(path: Path) -> None:
    missing = [place for place in (path, *path.parents) if not place.exists()]
    path.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        for place in missing:
            shutil.chown(place, OWNER, OWNER)
