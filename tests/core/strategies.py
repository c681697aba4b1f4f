"""Strategies of hypothesis for the tests of variables."""

from typing import Any

from hypothesis import strategies as st

from ocim.core.secrets import Secret
from ocim.core.variables import Layer

KEYS = st.sampled_from(["A", "B", "C", "D"])
# Upper and lower case tell a secret's text from every other text.
SECRETS = st.text("XYZ", min_size=3, max_size=8).map(Secret)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text("abc", max_size=3),
    SECRETS,
)


def _nested(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.lists(below, max_size=3), st.dictionaries(KEYS, below, max_size=3))


VALUES = st.recursive(SCALARS, _nested, max_leaves=8)
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=4)


def layers(*, prefix: str = "layer") -> st.SearchStrategy[list[Layer]]:
    """Return a few layers with names of their own."""
    return st.lists(MAPPINGS, max_size=4).map(
        lambda many: [Layer(f"{prefix}-{i}", values) for i, values in enumerate(many)]
    )
