import pytest

from ocim.core.causes import LONGEST, signature


@pytest.mark.parametrize(
    "first, second",
    [
        ("Host appserver-3 did not come up.", "Host appserver-12 did not come up."),
        ("lms at 10.0.0.3:8000: 500", "lms at 10.0.12.7:18010: 500"),
        ("[Errno 2] No such file: '/srv/appserver-3/edx/lms.yml'",
         "[Errno 2] No such file: '/var/hosts/appserver-44/edx/lms.yml'"),
        ("cannot write /tmp/tmp8f3kq2", "cannot write /tmp/tmpx91zz"),
        ("https://one.example.com/heartbeat: 502", "https://two.example.org/heartbeat: 502"),
        ("commit 3f2a91bc0d is gone", "commit 77aa01ffe2 is gone"),
        ("node-17.cloud.example:22 is unreachable", "node-203.cloud.example:2222 is unreachable"),
        ("task 0f8fad5b-d9cb-469f-a165-70867728950e ended",
         "task 7c9e6679-7425-40de-944b-e07fc1f90ae7 ended"),
        ("object at 0x7f3a", "object at 0x55d1c0"),
        ("row 9999999 is locked", "row 10000000 is locked"),
        ("migrate: table exists\nTraceback 1", "migrate: table exists\nTraceback 2"),
    ],
)  # fmt: skip
def test_one_cause_has_one_signature(first: str, second: str) -> None:
    assert first != second
    assert signature(first) == signature(second)


@pytest.mark.parametrize(
    "first, second",
    [
        ("migrate: table thumbnail_kvstore exists", "migrate: table courseware exists"),
        ("Host did not come up.", "The instance was archived."),
        ("no /edx/bin/manage.lms", "no /edx/bin/manage.ecommerce"),
        ("decade", "facade"),
        ("install nginx: failed", "install redis: failed"),
        ("", "Cancelled."),
    ],
)
def test_different_causes_stay_apart(first: str, second: str) -> None:
    assert signature(first) != signature(second)


def test_the_instances_own_names_are_left_out() -> None:
    first = signature("North at north.example.com is down", "North", "north.example.com")
    second = signature("South Campus at s.example.org is down", "South Campus", "s.example.org")
    assert first == second == "INSTANCE at INSTANCE is down"


def test_a_name_within_a_word_is_not_the_instance() -> None:
    assert signature("Demographics failed", "Demo") == "Demographics failed"


def test_it_fits_its_column() -> None:
    assert len(signature("x" * 1000)) == LONGEST


def test_a_long_signature_ends_with_a_whole_sentence() -> None:
    assert signature(f"It broke. {'x' * LONGEST}. More.") == "It broke."
