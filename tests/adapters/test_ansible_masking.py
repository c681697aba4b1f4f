import base64
import json
import shlex
from urllib.parse import quote

import pytest
import yaml

from ocim.adapters.provisioners.masking import masker, reveal
from ocim.core.spec import Secret

AWKWARD = "p'a\"s\\s wörd/&?"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "printed",
    [
        AWKWARD,
        json.dumps({"password": AWKWARD}),
        json.dumps({"password": AWKWARD}, ensure_ascii=False),
        json.dumps(json.dumps({"password": AWKWARD})),
        repr({"password": AWKWARD}),
        yaml.safe_dump({"password": AWKWARD}, allow_unicode=True, default_style="'"),
        f"mysql -p {shlex.quote(AWKWARD)}",
        f"mysql://edxapp:{quote(AWKWARD, safe='')}@localhost",
        base64.b64encode(AWKWARD.encode()).decode(),
    ],
)
def test_a_secret_is_masked_however_it_is_printed(printed: str) -> None:
    masked = masker({"deep": [{"password": Secret(AWKWARD)}]})(printed)
    assert "********" in masked
    for part in ("p'a", "wörd", "w\\u00f6rd", base64.b64encode(AWKWARD.encode()).decode()[:8]):
        assert part not in masked


def test_each_line_of_a_secret_is_masked() -> None:
    mask = masker([Secret(PEM)])
    assert mask("  MIIEvQIBADANBgkqhkiG9w0BAQEFAASC") == "  ********"


def test_the_longer_of_two_secrets_is_masked_as_a_whole() -> None:
    assert masker([Secret("secret"), Secret("secret-and-more")])("secret-and-more") == "********"


def test_short_secrets_and_what_is_not_secret_stay() -> None:
    assert masker({"a": Secret("yes"), "b": "plain"})("yes, plain") == "yes, plain"


def test_revealing_replaces_secrets_at_any_depth_and_nothing_else() -> None:
    assert reveal({"a": [Secret("x"), 1], "b": (Secret("y"), None)}) == {
        "a": ["x", 1],
        "b": ["y", None],
    }
