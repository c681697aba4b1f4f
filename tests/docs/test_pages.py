"""Links lead somewhere, settings and targets that pages name exist, pages can be found."""

import re
import subprocess
from pathlib import Path
from pkgutil import resolve_name

import pytest

from ocim.project.options import option_fields
from tests.acceptance.installation import REPOSITORY
from tests.docs.pages import all_pages, anchors, blocks, links

DOCS = REPOSITORY / "docs"
LARGEST_PICTURE = 200_000
# Names of the environment that are no settings.
OTHER_NAMES = {
    "OCIM_HOST_ROOT",
    "OCIM_RUN_DIRECTORY",
    "OCIM_BROKER_PASSWORD",
    "OCIM_USER_PASSWORD",
    "OCIM_DATABASE_PASSWORD",
    "OCIM_MEILISEARCH_KEY",
    "OCIM_MONGODB_PASSWORD",
    "OCIM_SEARCH_PASSWORD",
}


def name(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


@pytest.mark.parametrize("page", all_pages(), ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_listed() -> None:
    """Compare the site's menu with docs/README.md."""
    index = DOCS / "README.md"
    listed = {(DOCS / link.partition("#")[0]).resolve() for link in links(index)}
    assert set(DOCS.rglob("*.md")) - {index} <= listed


def test_decisions_are_numbered_in_order() -> None:
    numbers = [int(page.name[:4]) for page in sorted((DOCS / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
    entries = re.findall(r"(?m)^(\d+)\. \[.*\(decisions/(\d{4})-", (DOCS / "README.md").read_text())
    assert [(int(number), int(page)) for number, page in entries] == [(n, n) for n in numbers]


def test_the_site_needs_nothing_from_elsewhere() -> None:
    settings = (REPOSITORY / "mkdocs.yml").read_text()
    assert "font: false" in settings
    assert "://" not in settings


@pytest.mark.parametrize("page", all_pages(), ids=name)
def test_settings_that_a_page_names_exist(page: Path) -> None:
    known = {option.metadata["name"] for option in option_fields()} | OTHER_NAMES
    assert set(re.findall(r"\bOCIM_[A-Z_]+[A-Z]\b", page.read_text())) <= known


PATH_OF_CODE = re.compile(r"`((?:ocim|tests|docs|playbooks|rehearsal|benchmarks)/[a-z0-9_/.-]+)`")
NAME_OF_CODE = re.compile(r"`((?:core|operations)\.[\w.]+)[`(]")


@pytest.mark.parametrize("page", all_pages(), ids=name)
def test_code_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text()
    for path in PATH_OF_CODE.findall(text):
        assert (REPOSITORY / path).exists() or (page.parent / path).exists(), path
    for dotted in NAME_OF_CODE.findall(text):
        resolve_name(f"ocim.{dotted}")


def test_the_readme_names_targets_that_make_knows() -> None:
    targets = re.findall(
        r"^    make ([\w-]+)", (REPOSITORY / "README.md").read_text(), re.MULTILINE
    )
    assert {"run", "test"} <= set(targets)
    for target in targets:
        subprocess.run(
            ["make", "--dry-run", target], cwd=REPOSITORY, check=True, capture_output=True
        )


def test_pictures_are_small_and_used() -> None:
    used = {(page.parent / link).resolve() for page in all_pages() for link in links(page)}
    for picture in (DOCS / "images").glob("*.png"):
        assert picture.stat().st_size < LARGEST_PICTURE
        assert picture in used


def test_every_console_block_begins_with_a_command() -> None:
    for page in all_pages():
        for block in blocks(page, "console"):
            assert block.text.startswith("$ "), page


def test_the_table_of_time_limits_names_every_limit_that_can_be_set() -> None:
    table = (DOCS / "reference/time-limits.md").read_text()
    names = [option.metadata["name"] for option in option_fields()]
    limits = {name for name in names if name.endswith("_TIMEOUT")}
    assert limits <= set(re.findall(r"`(OCIM_\w+)`", table))
