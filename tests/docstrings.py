"""Find docstrings that begin with a fragment: a reader would have to guess their verb or noun.

    python -m tests.docstrings [PATH ...]

prints each with its place. A function's docstring begins with a verb in the imperative; that of a
module, class or attribute with a noun, or likewise with a verb.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORDS = Path(__file__).parent / "words"
PACKAGES = (ROOT / "ocim", ROOT / "rehearsal" / "rehearsal", ROOT / "tests")
EXEMPT = ("migrations",)
"""Directories whose docstrings do not count."""


def _words(name: str) -> frozenset[str]:
    """Return the words of a list."""
    return frozenset((WORDS / f"{name}.txt").read_text().split())


VERBS = _words("verbs")
"""Verbs that a function's docstring may begin with."""
NOUNS = _words("nouns")
"""Nouns that have the form of a verb in the third person."""
FRAGMENTS = _words("fragments")
"""Words with which a docstring of anything else must not begin."""


@dataclass(frozen=True)
class Docstring:
    """A docstring, what it describes, and where it is."""

    kind: str
    text: str
    path: Path
    line: int

    @property
    def is_fragment(self) -> bool:
        """Return whether its reader has to guess what it says of which thing."""
        words = self.text.split()
        first = re.sub(r"[^\w'-]", "", words[0]).lower()
        if self.kind == "function":
            return first not in VERBS
        if first in ("the", "a", "an") and len(words) > 1:
            first = words[1].strip(",.:;").lower()
        return first in FRAGMENTS or _is_third_person(first)


def _is_third_person(word: str) -> bool:
    """Return whether a word is a verb as in "keeps": nouns of the same form are rarely first."""
    if word in NOUNS or not word.endswith("s"):
        return False
    return word[:-1] in VERBS or (word.endswith("es") and word[:-2] in VERBS)


def docstrings(path: Path) -> Iterator[Docstring]:
    """Yield the docstrings of a file, those of attributes included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Module | ast.ClassDef):
            if text := ast.get_docstring(node):
                yield Docstring("thing", text, path, getattr(node, "lineno", 1))
            for before, after in zip(node.body, node.body[1:], strict=False):
                if isinstance(before, ast.Assign | ast.AnnAssign) and (text := _text(after)):
                    yield Docstring("attribute", text, path, after.lineno)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            text := ast.get_docstring(node)
        ):
            properties = {"property", "cached_property"}
            names = {getattr(decorator, "id", "") for decorator in node.decorator_list}
            kind = "attribute" if names & properties else "function"
            yield Docstring(kind, text, path, node.lineno)


def _text(node: ast.stmt) -> str:
    """Return the text of a string that stands alone; empty for anything else."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return node.value.value if isinstance(node.value.value, str) else ""
    return ""


def _files(path: Path) -> list[Path]:
    """Return a file itself, or the files below a directory."""
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def all_docstrings(*packages: Path) -> list[Docstring]:
    """Return every docstring below these paths, except in exempt directories."""
    files = [file for path in packages for file in _files(path) if not {*EXEMPT} & {*file.parts}]
    return [docstring for file in files for docstring in docstrings(file)]


if __name__ == "__main__":
    texts = all_docstrings(*(map(Path, sys.argv[1:]) if sys.argv[1:] else PACKAGES))
    fragments = [text for text in texts if text.is_fragment]
    for fragment in fragments:
        print(f"{fragment.path}:{fragment.line}: {fragment.kind}: {fragment.text.splitlines()[0]}")
    print(f"{len(fragments)} of {len(texts)} docstrings begin with a fragment.")
