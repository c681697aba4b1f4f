"""The file that names installed services: what it may contain, and all that is wrong with it."""

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ocim.core.errors import ValidationError
from ocim.core.instance import Service
from tests.conformance.installed import EXAMPLE, read


def written(directory: Path, *entries: Any) -> Path:
    path = directory / "conformance.yml"
    path.write_text(yaml.safe_dump({"services": list(entries)}))
    return path


@pytest.fixture
def entry(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "manage.py").touch()
    return {
        "service": "discovery",
        "release": "open-release/lilac.1",
        "python": sys.executable,
        "directory": str(tmp_path),
    }


def test_a_short_entry_has_the_defaults_of_its_service(
    tmp_path: Path, entry: dict[str, Any]
) -> None:
    [service] = read(written(tmp_path, entry))
    assert service.service is Service.DISCOVERY
    assert service.settings == "course_discovery.settings.production"
    assert service.migrate == "python manage.py migrate --noinput"
    assert service.start.endswith("--bind {bind} course_discovery.wsgi:application")
    assert service.variables == {}


def test_all_faults_of_all_entries_are_listed(tmp_path: Path) -> None:
    first = {
        "service": "notes",
        "release": "master",
        "python": "python3",
        "directory": str(tmp_path),
        "start": "gunicorn",
        "variables": [],
        "port": 1,
    }
    with pytest.raises(ValidationError) as caught:
        read(written(tmp_path, first, "ecommerce", {"settings": 7}))
    faults = [fault.partition(", entry ")[2] for fault in caught.value.faults]
    assert [fault.partition(" ")[0] for fault in faults] == ["1:"] * 7 + ["2:"] + ["3:"] * 5
    words = ("'port'", "variables", "'notes'", "'master'", "python3", "manage.py", "{bind}")
    for fault, word in zip(faults[:7], words, strict=True):
        assert word in fault
    assert "service is missing." in faults[8]
    assert "settings: 7 must be a text." in faults[12]


def test_a_service_of_a_release_is_named_once(tmp_path: Path, entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"discovery of open-release/lilac\.1 is named twice"):
        read(written(tmp_path, entry, entry))


@pytest.mark.parametrize("text", ["", "services: []", "services: {}", f"{EXAMPLE}more: 1"])
def test_anything_but_a_list_of_services_is_answered_with_an_example(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "conformance.yml"
    path.write_text(text)
    with pytest.raises(ValidationError, match="- service: ecommerce"):
        read(path)


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="No such file or directory"):
        read(tmp_path / "conformance.yml")
    path = tmp_path / "broken.yml"
    path.write_text("services: [")
    with pytest.raises(ValidationError, match="it is not YAML"):
        read(path)
