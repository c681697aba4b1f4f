import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocim.core.health import Probe, ProbeResult, verdict

HEARTBEAT = Probe(
    "lms",
    "http://a.test/heartbeat",
    expect_type="application/json",
    expect_statuses=True,
    expect_fields={"release": "juniper"},
    expect_text="sql",
)
RIGHT = '{"release": "juniper", "sql": {"status": true}}'


def reasons(body: str, content_type: str = "application/json; charset=utf-8") -> tuple[str, ...]:
    return verdict([ProbeResult(HEARTBEAT, 200, "", body, content_type)]).reasons


def test_a_right_answer_is_healthy() -> None:
    assert reasons(RIGHT) == ()


def test_everything_that_is_wrong_is_told() -> None:
    assert reasons('{"release": "koa", "modulestore": {"status": false}}', "text/plain") == (
        "lms: http://a.test/heartbeat answered with text/plain, not application/json",
        "lms: http://a.test/heartbeat answered without 'sql'",
        'lms: http://a.test/heartbeat answered release: "koa", not "juniper"',
        'lms: http://a.test/heartbeat answered modulestore: {"status": false}',
    )


def test_every_probe_is_judged() -> None:
    silent = ProbeResult(Probe("studio", "http://b.test/"), error="connection refused")
    gone = ProbeResult(Probe("shop", "http://c.test/"), 302, "", "<h1>Moved</h1>\nthere")
    assert verdict([silent, gone]).reasons == (
        "studio: no answer from http://b.test/: connection refused",
        "shop: http://c.test/ answered 302, not 200: <h1>Moved</h1>",
    )


def test_a_long_body_is_quoted_with_an_ellipsis() -> None:
    result = ProbeResult(HEARTBEAT, 503, "", "x" * 300)
    (reason,) = verdict([result]).reasons
    assert reason.endswith(f"answered 503, not 200: {'x' * 200}…")


def test_a_body_that_could_not_be_read_is_wrong_whatever_it_begins_with() -> None:
    result = ProbeResult(HEARTBEAT, 200, "its body is longer than 9 bytes", RIGHT, "text/html")
    assert (
        verdict([result]).reasons[0].endswith("answered 200, but its body is longer than 9 bytes")
    )


@pytest.mark.parametrize("body", ["", "null", "true", "[1]", '"sql"', "{", "\x00sql", "[" * 50_000])
def test_what_is_no_json_object_is_wrong(body: str) -> None:
    assert any("no JSON object" in reason for reason in reasons(body))


def test_what_says_of_no_part_how_it_is_is_wrong() -> None:
    assert any("no status" in reason for reason in reasons('{"release": "juniper", "sql": "fine"}'))


@given(st.text())
def test_no_text_is_taken_for_a_heartbeat(body: str) -> None:
    assert reasons(body)


@pytest.mark.parametrize(
    "body", ["x" * 1000, '{"sql": {"status": false, "message": "' + "x" * 1000 + '"}}']
)
def test_a_reason_is_short_whatever_was_answered(body: str) -> None:
    assert all(len(reason) < 400 for reason in reasons(body))
