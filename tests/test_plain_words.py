"""Words of the code: docstrings are sentences, and tables need no formatter's exception."""

from tests.docstrings import PACKAGES, ROOT, all_docstrings

SHARE = 0.01
"""Share of docstrings that may begin with a fragment, as a script cannot know every word."""


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    docstrings = all_docstrings(*PACKAGES)
    fragments = [
        f"{docstring.path.relative_to(ROOT)}:{docstring.line}: {docstring.text.splitlines()[0]}"
        for docstring in docstrings
        if docstring.is_fragment
    ]
    assert len(fragments) <= SHARE * len(docstrings), "\n".join(fragments)


def test_ruff_formats_all_code_of_ocim() -> None:
    exempt = [path for path in (ROOT / "ocim").rglob("*.py") if "# fmt: skip" in path.read_text()]
    assert not exempt
