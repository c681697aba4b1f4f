import base64
import json
import shlex
from urllib.parse import quote

import pytest
import yaml

from ocim.catalog.secrets.masking import mask_sql, mask_text, masker, with_secrets_hidden
from ocim.core.secrets import Secret, revealed

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
    assert revealed({"a": [Secret("x"), 1], "b": (Secret("y"), None)}) == {
        "a": ["x", 1],
        "b": ["y", None],
    }


HIDDEN = "hunter2"


@pytest.mark.parametrize(
    "text",
    [
        "EDXAPP_MYSQL_PASSWORD=hunter2",
        "'db_pass': 'hunter2', 'host': 'x'",
        '{"clientSecret": "hunter2"}',
        r"{\"auth_token\": \"hunter2\"}",
        'apikey: "hunter2 that was cut of',
        "SECRETS: [hunter2, and, more]",
        "AUTH_EXTRA: {a: hunter2}",
        "segment_key => hunter2",
        "--admin-password hunter2 --host x",
        "X-CSRFToken: hunter2",
        "NEWRELIC_LICENSE_KEY=hunter2",
        "EDXAPP_BASIC_AUTH_USER: hunter2",
        "GET /feed?access_token=hunter2&page=2",
        "GET /feed?page=2&sig=hunter2",
        "postgres://edxapp:hunter2@db/edxapp",
        "https://hunter2@sentry.example.com/2",
        "https://hooks.slack.com/services/T0/hunter2/x",
        "https://discord.com/api/webhooks/1/hunter2",
        "slack://TokenA/hunter2/#ops and more",
        "mailto://me:x@example.com?to=hunter2",
        "Authorization: Basic hunter2",
        "authorization='Token token=hunter2'",
        "Cookie: sessionid=hunter2; other=1",
        "curl -H 'X: Bearer hunter2.x'",
        "curl -s -u admin:hunter2 https://x",
        "mysqldump -u root -phunter2 edxapp",
        "sshpass -p hunter2 ssh host",
        "redis-cli -h x -a hunter2 ping",
        "CREATE USER a IDENTIFIED BY 'hunter2'",
        "ALTER ROLE a PASSWORD 'hunter2'",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nhunter2 that was cut",
    ],
)
def test_a_secret_is_known_by_its_place(text: str) -> None:
    shown = mask_text(text)
    assert HIDDEN not in shown
    assert "********" in shown
    assert mask_text(shown) == shown


@pytest.mark.parametrize(
    "key",
    [
        "AKIA" + "IOSFODNN7EXAMPLE", "ghp_" + "a1" * 18, "glpat-" + "a1" * 10, "key-" + "3ax6" * 8,
        "sk_live_" + "a1" * 12, "SG." + "a1" * 11 + "." + "b2" * 21 + "c", "xoxb-1-2-" + "a1" * 9,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "ocim_Wv3kR0-qj7_b2ZcYxT5uLs9eNaHd1MfGpOiKwXyQzUE",
    ],
)  # fmt: skip
def test_a_key_of_a_service_is_known_by_its_form(key: str) -> None:
    assert mask_text(f"it said {key} and ended") == "it said ******** and ended"
    assert with_secrets_hidden({"HARMLESS": [key]}) == {"HARMLESS": [Secret(key)]}


@pytest.mark.parametrize(
    "text",
    [
        "ok: [127.0.10.1] => (item=/edx/app/edxapp/requirements/edx/base.txt)",
        "HEAD is now at 9f2c4b1d0a4e6c8b7f3e5d1a2b4c6d8e9f0a1b2c",
        "git@github.com:openedx/edx-platform and ssh://git@example.com/x",
        "https://example.com/reset?page=2",
        "mkdir -pv /edx/app; mysql -u root -p edxapp < x",
        "PASSWORD: {{ OTHER }}, password: null, TOKEN=",
        "Basic authentication, a bearer of news, 3 passed: fine",
        "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    ],
)
def test_a_text_without_a_secret_stays(text: str) -> None:
    assert mask_text(text) == text


def test_a_statement_about_a_secret_is_shown_without_its_values() -> None:
    shown = mask_sql("UPDATE oauth SET client_secret = CONCAT('hunter', '2')")
    assert shown.startswith("UPDATE oauth SET client_secret = ********")
    assert "hunter" not in shown
    assert mask_sql("INSERT INTO x (id, api_key) VALUES (1, 'hunter2')").endswith("'********')")
    assert mask_sql("UPDATE site SET domain = 'a.org'") == "UPDATE site SET domain = 'a.org'"


def test_everything_below_the_name_of_a_secret_is_hidden() -> None:
    assert with_secrets_hidden(
        {"EDXAPP_CELERY_AUTH_EXTRA": {"a": {"b": "x"}}, "PIN": 1234, "MAX_TOKENS": 5}
    ) == {"EDXAPP_CELERY_AUTH_EXTRA": {"a": {"b": Secret("x")}}, "PIN": Secret("1234"),
          "MAX_TOKENS": 5}  # fmt: skip


@pytest.mark.parametrize("text", ["{{ 'hunter2' | hash }}", "x{{ A }}", "{{ lookup('env', 'X') }}"])
def test_a_template_with_more_than_a_reference_is_hidden_below_the_name_of_a_secret(
    text: str,
) -> None:
    assert with_secrets_hidden({"PASSWORD": text}) == {"PASSWORD": Secret(text)}


@pytest.mark.parametrize(
    "text",
    ["mysql -" * 2000, "eyJ" * 5000, "key-" * 3000, "a://" * 3000, "password: [" * 1000,
     "\\" * 10000, "-----BEGIN PRIVATE KEY-----" * 300, "a1" * 9000, "x=" * 9000],
)  # fmt: skip
@pytest.mark.timeout(10)
def test_a_text_made_to_be_slow_is_not(text: str) -> None:
    assert len(mask_text(text)) <= len(text) + 10
