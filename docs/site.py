"""MkDocs hooks: the menu from docs/README.md, pages from outside docs/, and the API's pages."""

# ruff: noqa: INP001
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

REPOSITORY = Path(__file__).parents[1]
OUTSIDE = {
    "CHANGELOG.md": "project/changes.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "rehearsal/README.md": "reference/rehearsal-platform.md",
}
"""Pages that lie elsewhere in the repository, with their places on the site."""
INSIDE = {page: path for path, page in OUTSIDE.items()}
API = ("ocim/ports", "ocim/core", "ocim/operations")
"""Modules and packages with a page for each of their modules."""

_SECTION = re.compile(r"(?m)^## (?P<title>.+)\n(?P<body>(?:(?!## ).*\n?)*)")
_ENTRY = re.compile(r"(?m)^(?:-|\d+\.) \[(?P<title>[^\]]+)\]\((?P<target>[^)#]+)\)")
_LINK = re.compile(r"(?P<start>\]\()(?P<target>[^)#:\s]+\.md)(?P<end>[)#])")

_ASSET_FROM_ELSEWHERE = re.compile(
    r'<(?:script|img|iframe|link)\b[^>]*(?:src|href)="(?:https?:)?//[^>]*>'
)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Make the menu: a section for each heading of docs/README.md, an entry for each link."""
    text = (REPOSITORY / "docs/README.md").read_text()
    menu: list[dict[str, Any]] = [{"Documentation": "README.md"}]
    for section in _SECTION.finditer(text):
        entries = [
            {entry["title"].replace("`", ""): _place(f"docs/{entry['target']}")}
            for entry in _ENTRY.finditer(section["body"])
        ]
        menu.append({section["title"]: entries})
    menu.append({"API": [{name: page} for name, page in _api().items()]})
    config.nav = menu
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that do not lie in docs/."""
    for path, page in OUTSIDE.items():
        files.append(File.generated(config, page, content=(REPOSITORY / path).read_text()))
    for name, page in _api().items():
        files.append(File.generated(config, page, content=f"# {name}\n\n::: {name}\n"))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Rewrite links between pages to the places of the pages on the site."""
    uri = page.file.src_uri
    source = posixpath.dirname(INSIDE.get(uri, f"docs/{uri}"))

    def moved(link: re.Match[str]) -> str:
        target = _place(posixpath.normpath(posixpath.join(source, link["target"])))
        return f"{link['start']}{posixpath.relpath(target, posixpath.dirname(uri))}{link['end']}"

    return _LINK.sub(moved, markdown)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Raise PluginError if a page loads anything from elsewhere."""
    if asset := _ASSET_FROM_ELSEWHERE.search(output):
        raise PluginError(f"{page.file.src_uri} loads something from elsewhere: {asset[0]}")
    return output


def _place(path: str) -> str:
    """Return the place on the site of a Markdown file of the repository."""
    path = posixpath.normpath(path)
    return OUTSIDE.get(path, path.removeprefix("docs/"))


def _api() -> dict[str, str]:
    """Return the documented modules, with the places of their pages."""
    modules: dict[str, str] = {}
    for path in map(REPOSITORY.joinpath, API):
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            name = ".".join(file.relative_to(REPOSITORY).with_suffix("").parts)
            if not name.endswith("__init__"):
                modules[name] = f"reference/api/{name}.md"
    return modules
