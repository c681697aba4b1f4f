"""The report of a verification, which leaves nothing."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ocim.adapters.memory.browsers import Answer, Request
from ocim.catalog.steps.all_steps import STEPS
from ocim.catalog.steps.hourly import PLACE
from ocim.core.errors import Conflict
from ocim.core.verification import Line, Outcome
from ocim.operations.shop.verify import run, verify
from ocim.store.models import OpenEdXAppServer, OpenEdXInstance, ServiceStep, Verification
from tests.operations.verify.conftest import Verify, make, wrong
from tests.operations.verify.platform import Platform, token, told
from tests.world import Killed, World


def test_all_is_well_where_all_is_well(lines: Verify, platform: Platform) -> None:
    result = lines(purchase=True)
    assert wrong(result) == set()
    assert result["purchase: order with test-card"].compared == "DEMO-100002: Complete, 1.00 GBP"
    assert result["discovery: cron job"].compared == "43 * * * *"
    assert (platform.users, platform.coupons, platform.on_sale) == ({}, set(), set())
    assert platform.courses == {"course-v1:edX+One+2026"}


def test_without_a_purchase_nothing_is_sold(lines: Verify, platform: Platform) -> None:
    assert not [name for name in lines() if name.startswith("purchase")]
    assert platform.orders == {}


def test_lines_are_told_as_they_come_and_kept(world: World, appserver: OpenEdXAppServer) -> None:
    output: list[Line] = []
    report = verify(appserver, world.context(), on_line=output.append)
    kept = Verification.objects.get()
    assert tuple(output) == report.lines == tuple(Line.from_dict(line) for line in kept.lines)
    assert (kept.ok, kept.cleaned, kept.purchase) == (True, True, False)


def test_the_last_one_is_kept(lines: Verify) -> None:
    lines()
    lines(purchase=True)
    assert Verification.objects.get().purchase


BREAKAGES = {
    "the LMS is down": ("/heartbeat", Answer(500, "Server Error"), "lms: health", "logs"),
    "a certificate is over": (
        "/health/",
        Answer(None, error="certificate verify failed: certificate has expired"),
        "ecommerce: health",
        "certificate has expired",
    ),
    "another authority signed": (
        "/health/",
        Answer(None, error="certificate verify failed: unable to get local issuer certificate"),
        "ecommerce: health",
        "no certificate that browsers trust",
    ),
    "the LMS is slow": ("/heartbeat", Answer(seconds=5.2), "lms: speed", "too slow"),
    "a secret differs": (
        "/oauth2/access_token",
        Answer(401, '{"error": "invalid_client"}'),
        "ecommerce: client at the LMS",
        "--step clients --force",
    ),
    "the LMS fails to give a token": (
        "/oauth2/access_token",
        Answer(500, "Server Error"),
        "ecommerce: client at the LMS",
        "The LMS's log says why",
    ),
    "a worker is not staff": (
        "/oauth2/access_token",
        told(access_token=token(administrator=False)),
        "ecommerce: client at the LMS",
        "--step users --force",
    ),
    "a sign-on is refused": (
        "/complete/edx-oauth2/",
        Answer(502, "<p>The LMS did not sign you on.</p>"),
        "ecommerce: sign-on",
        "--step clients --force",
    ),
    "a sign-on ends at the LMS": (
        "/login",
        Answer(200, "Do you allow it?"),
        "ecommerce: sign-on",
        "its trust",
    ),
    "a sign-on is forgotten": (
        "/api/v1/course_runs/",
        Answer(401, "{}"),
        "discovery: sign-on",
        "not known afterwards",
    ),
    "a search server is dead": (
        "/api/v1/search/",
        Answer(503, '{"detail": "The search server does not answer."}'),
        "discovery: search",
        "--step indexes --force",
    ),
}


@pytest.mark.parametrize("breakage", BREAKAGES.values(), ids=BREAKAGES.keys())
def test_a_breakage_has_a_line_that_says_what_to_do(
    lines: Verify, platform: Platform, breakage: tuple[str, Answer, str, str]
) -> None:
    where, answer, name, remedy = breakage
    platform.pages[where] = answer
    result = lines()[name]
    assert result.outcome is Outcome.FAILED
    assert remedy in result.remedy


def test_a_partner_that_was_renamed_is_named(lines: Verify, platform: Platform) -> None:
    platform.partner = "OTHER"
    result = lines()
    assert result["ecommerce: partner"].compared == "OTHER; expected DEMO"
    assert result["discovery: partner"].outcome is Outcome.FAILED


def test_a_processor_that_is_off_is_named(lines: Verify, platform: Platform) -> None:
    platform.processors = ()
    remedy = lines()["ecommerce: payment processors"].remedy
    assert "payment_processor_active_test-card" in remedy


def test_the_shops_own_list_of_processors_is_not_asked_since_it_is_half_an_hour_old(
    lines: Verify, platform: Platform
) -> None:
    platform.pages["/api/v2/payment/processors/"] = told()
    assert lines()["ecommerce: payment processors"].compared == "test-card"


def test_a_missing_job_is_named(lines: Verify, platform: Platform) -> None:
    platform.cron = ""
    assert "--step job --force" in lines()["discovery: cron job"].remedy


@pytest.mark.parametrize(
    "said, outcome, words",
    [
        ("log 2026-05-04T11:43:00Z begins\nOCIM-CRON: log status 0", Outcome.OK, "11:43"),
        (
            "log 2026-05-04T11:43:00Z begins\nOCIM-CRON: log no LMS\nOCIM-CRON: log status 1",
            Outcome.FAILED,
            "no LMS",
        ),
        ("log 2026-05-04T11:43:00Z begins", Outcome.SKIPPED, "not known"),
        ("syslog May  4 11:43:01 host CRON[1]: (root) CMD", Outcome.SKIPPED, "May 4 11:43:01"),
    ],
)
def test_the_last_run_of_the_job_is_told(
    lines: Verify, platform: Platform, said: str, outcome: Outcome, words: str
) -> None:
    platform.cron += f"OCIM-CRON: {said}\n"
    result = lines()["discovery: last run of the cron job"]
    assert result.outcome is outcome
    assert words in result.compared


def test_in_containers_ocim_starts_the_job_and_its_last_run_is_told(
    lines: Verify, platform: Platform, appserver: OpenEdXAppServer
) -> None:
    appserver.provisioner = "tutor"
    appserver.save()
    platform.cron = "OCIM-CRON: log 2026-05-04T11:43:00Z begins\nOCIM-CRON: log status 7\n"
    result = lines()
    assert result["discovery: cron job"].outcome is Outcome.OK
    last = result["discovery: last run of the cron job"]
    assert "exit status 7" in last.compared
    assert f"{PLACE}.log" in last.remedy


def test_a_run_from_before_discovery_was_set_up_does_not_count(
    lines: Verify, platform: Platform, appserver: OpenEdXAppServer, world: World
) -> None:
    log = "2026-05-04T11:43:00Z begins\nOCIM-CRON: log No partners available!"
    platform.cron += f"OCIM-CRON: log {log}\nOCIM-CRON: log status 1\n"
    name = "discovery: last run of the cron job"
    assert lines()[name].outcome is Outcome.FAILED
    done = {"instance": appserver.instance, "appserver": appserver, "step": "partner"}
    for minute, outcome in ((42, Outcome.FAILED), (44, Outcome.SKIPPED)):
        at = datetime(2026, 5, 4, 11, minute, tzinfo=UTC)
        ServiceStep.objects.create(**done, created_at=at, applied={})
        assert lines()[name].outcome is outcome


def test_a_run_that_stopped_at_the_limit_names_the_step_that_accepts_the_change(
    lines: Verify, platform: Platform
) -> None:
    log = "2026-05-04T11:43:00Z begins\nOCIM-CRON: log Sanity check failed: x"
    platform.cron += f"OCIM-CRON: log {log}\nOCIM-CRON: log status 1\n"
    result = lines()["discovery: last run of the cron job"]
    assert result.outcome is Outcome.SKIPPED
    assert "stopped at update_index's limit: Sanity check failed: x" in result.compared
    assert "--step indexes --force" in result.remedy


def test_a_course_that_is_not_sold_is_not_missed_by_the_search(
    lines: Verify, platform: Platform
) -> None:
    unsold = "course-v1:edX+Free+2026"
    platform.courses.add(unsold)
    platform.unsold.add(unsold)
    result = lines()
    assert wrong(result) == set()
    assert result["discovery: search"].compared == (
        "1 course run to find, of 2 in the database; search finds 1"
    )


def test_courses_that_wait_at_the_jobs_limit_are_indexed(lines: Verify, platform: Platform) -> None:
    log = "2026-05-04T11:43:00Z begins\nOCIM-CRON: log Sanity check failed: x"
    platform.cron += f"OCIM-CRON: log {log}\nOCIM-CRON: log status 1\n"
    platform.catalogue.add("course-v1:edX+Two+2026")
    platform.found_by_search = 1
    report = lines()
    assert wrong(report) == set()
    assert report["discovery: search, as found"].compared == (
        "2 course runs to find, of 2 in the database; search finds 1:"
        " the hourly job stopped at update_index's limit"
    )
    assert report["discovery: index of new courses"].outcome is Outcome.OK


def test_the_limit_stays_where_the_number_of_courses_falls(
    lines: Verify, platform: Platform
) -> None:
    platform.found_by_search = 1
    platform.unsold |= platform.catalogue
    result = lines()
    assert "discovery: index of new courses" not in result
    assert result["discovery: update_index without flags"].outcome is Outcome.FAILED


def test_up_to_koa_an_empty_catalogue_is_not_indexed(lines: Verify, platform: Platform) -> None:
    platform.courses.clear()
    platform.catalogue.clear()
    result = lines()
    assert wrong(result) == set()
    assert result["discovery: update_index without flags"].outcome is Outcome.SKIPPED


def test_an_index_that_lacks_courses_is_named_and_not_mended(
    lines: Verify, platform: Platform
) -> None:
    platform.found_by_search = 0
    result = lines()
    assert result["discovery: search"].compared == (
        "1 course run to find, of 1 in the database; search finds 0"
    )
    assert result["discovery: update_index without flags"].outcome is Outcome.FAILED


def test_a_course_that_discovery_has_not_taken_over_yet_is_indexed(
    lines: Verify, platform: Platform
) -> None:
    platform.found_by_search = 1
    platform.courses.add("course-v1:edX+Two+2026")
    result = lines()
    assert wrong(result) == set()
    assert result["discovery: index of new courses"].outcome is Outcome.OK


def test_a_refresh_that_asks_a_dead_address_again_and_again_ends_with_the_address(
    lines: Verify, platform: Platform
) -> None:
    platform.refreshed |= {"ended": False, "retried": "Backing off _make_request (at nowhere)"}
    line = lines()["discovery: refresh_course_metadata, now"]
    assert line.outcome is Outcome.FAILED
    assert line.compared == "it did not end in 300 s; Backing off _make_request (at nowhere)"
    assert "the partner's URLs" in line.remedy


def test_a_refresh_that_is_only_long_is_no_fault(lines: Verify, platform: Platform) -> None:
    platform.refreshed["ended"] = False
    result = lines()
    assert wrong(result) == set()
    assert result["discovery: refresh_course_metadata, now"].outcome is Outcome.SKIPPED


def test_a_course_that_is_passed_over_is_named(lines: Verify, platform: Platform) -> None:
    platform.pages["/api/courses/v1/courses/?page=1"] = told(
        results=[{"id": "course-v1:edX+Odd+2026"}], pagination={"num_pages": 1}
    )
    assert "course-v1:edX+Odd+2026" in lines()["discovery: courses of the LMS"].compared


def test_an_answer_of_somebody_else_is_a_line_and_no_crash(
    lines: Verify, platform: Platform
) -> None:
    platform.pages["/api/v2/partners/"] = Answer(text="<h1>Welcome</h1>")
    result = lines()
    assert "not understood" in result["ecommerce: settings"].compared
    assert result["clean-up"].outcome is Outcome.OK


def test_lost_permissions_are_named(lines: Verify, platform: Platform) -> None:
    platform.pages["/api/v2/publication/"] = Answer(
        500, '{"error": "You do not have permission to perform this action. (status 403)"}'
    )
    result = lines(purchase=True)
    assert wrong(result) == {"purchase: seat"}
    assert "--step permissions --force" in result["purchase: seat"].remedy
    assert platform.courses == {"course-v1:edX+One+2026"}


def test_who_paid_and_is_not_enrolled_is_named(lines: Verify, platform: Platform) -> None:
    platform.pages["/api/v2/orders/DEMO-"] = told(
        status="Fulfillment Error", total_excl_tax="1.00", currency="GBP"
    )
    result = lines(purchase=True)
    assert wrong(result) == {"purchase: order with the coupon", "purchase: order with test-card"}
    remedy = result["purchase: order with test-card"].remedy
    assert "EDX_API_KEY" in remedy
    assert "Retry Fulfillment" in remedy
    assert "/dashboard/orders/DEMO-" in remedy
    assert "manage.py" not in remedy


def test_a_basket_that_fails_tells_of_the_partners_keys(lines: Verify, platform: Platform) -> None:
    platform.pages["/basket/add/"] = Answer(500, "Server Error")
    assert "'demo'" in lines(purchase=True)["purchase: basket"].remedy


def test_with_live_keys_nothing_is_bought(world: World, platform: Platform) -> None:
    platform.processors = ("paypal",)
    appserver = make(world, paypal={"mode": "live", "client_id": "a", "client_secret": "b"})
    world.cloud.answer = platform.ran
    report = verify(appserver, world.context(), purchase=True)
    (refusal,) = report.failures
    assert refusal.compared == "refused: its mode is 'live' and not 'sandbox'"
    assert platform.orders == {}


@pytest.fixture
def paypal(world: World, platform: Platform) -> OpenEdXAppServer:
    """Return a shop that is paid by PayPal's sandbox, which waits for a buyer."""
    platform.processors = ("paypal",)
    begun = told(payment_data={"payment_page_url": "https://sandbox.example.com/approve"})
    platform.pages["/api/v2/baskets/"] = begun
    platform.pages["sandbox.example.com"] = Answer(text="Log in to your account")
    appserver = make(world, paypal={"mode": "sandbox", "client_id": "a", "client_secret": "b"})
    world.cloud.answer = platform.ran
    return appserver


def test_a_buyer_who_agrees_at_paypal_is_enrolled(
    world: World, platform: Platform, paypal: OpenEdXAppServer
) -> None:
    receipt = "https://ecommerce.campus-1.example.com/payment/test-card/"
    platform.pages["sandbox.example.com"] = Answer(302, location=receipt)
    report = verify(paypal, world.context(), purchase=True)
    assert report.ok
    assert "purchase: order with paypal" in {line.name for line in report.lines}


STRIPE = {"publishable_key": "pk_test_1", "secret_key": "sk_test_1", "country": "GB"}


@pytest.mark.parametrize(
    "answer, token", [(told(id="tok_1"), "tok_1"), (Answer(402, "{}"), "tok_visa")]
)
def test_stripe_is_paid_with_a_card_for_tests(
    world: World, platform: Platform, answer: Answer, token: str
) -> None:
    platform.processors = ("stripe",)
    platform.pages["https://api.stripe.com/v1/tokens"] = answer
    appserver = make(world, stripe=STRIPE)
    world.cloud.answer = platform.ran
    seen: list[Request] = []

    def answered(asked: Request) -> Answer:
        seen.append(asked)
        return platform.answer(asked)

    world.browsers.answer = answered
    assert verify(appserver, world.context(), purchase=True).ok
    (submitted,) = (item for item in seen if item.url.endswith("/payment/stripe/submit/"))
    assert submitted.form == {"stripe_token": token, "basket": "12"}
    assert not [item for item in seen if STRIPE["secret_key"] in str(item)]


def test_stripe_of_palm_is_paid_by_a_payment_intent(world: World, platform: Platform) -> None:
    platform.processors = ("stripe",)
    platform.pages["https://api.stripe.com/v1/payment_methods"] = told(id="pm_1")
    platform.pages["https://api.stripe.com/v1/payment_intents/pi_1"] = told(id="pi_1")
    appserver = make(world, release="open-release/palm.1", stripe=STRIPE)
    world.cloud.answer = platform.ran
    seen: list[Request] = []

    def answered(asked: Request) -> Answer:
        seen.append(asked)
        return platform.answer(asked)

    world.browsers.answer = answered
    report = verify(appserver, world.context(), purchase=True)
    assert report.ok, report
    (attached,) = (item for item in seen if item.url.endswith("/v1/payment_intents/pi_1"))
    assert attached.form == {"payment_method": "pm_1"}
    (paid,) = (item for item in seen if item.url.endswith("/payment/stripe/checkout/"))
    assert paid.form == {"payment_intent_id": "pi_1", "skus": "ABC1234"}
    told_secret = [item.url for item in seen if STRIPE["secret_key"] in str(item)]
    assert all(url.startswith("https://api.stripe.com/") for url in told_secret)


def test_a_free_order_is_refunded_and_its_buyer_stays_enrolled(lines: Verify) -> None:
    name = "purchase: enrollment with the coupon, after the refund"
    assert lines(purchase=True)[name].compared == "verified, active"


def test_what_a_person_has_to_do_is_left_to_a_person(
    world: World, paypal: OpenEdXAppServer
) -> None:
    report = verify(paypal, world.context(), purchase=True)
    (line,) = (item for item in report.lines if item.name == "purchase: payment with paypal")
    assert report.ok
    assert line.outcome is Outcome.SKIPPED
    assert "A person has to approve it" in line.remedy


STEP = re.compile(r"again\([\"'](\w+)[\"']\)|--step (\w+)")
KILLS = [
    "lms.people", "oauth2/access_token", "discovery.refresh", "studio.create", "publication",
    "v2/coupons", "coupons/redeem", "payment/test-card", "v2/orders", "refunds",
    "lms.courses", "studio.delete", "ecommerce.clean", "lms.remove",
]  # fmt: skip


@pytest.mark.parametrize("where", KILLS)
def test_what_a_killed_one_left_is_taken_away_first_by_the_next(
    lines: Verify, platform: Platform, where: str
) -> None:
    platform.kill_at = where
    with pytest.raises(Killed):
        lines(purchase=True)
    assert not Verification.objects.get().cleaned
    platform.kill_at, platform.killed, platform.asked = "", False, []
    result = lines()
    assert wrong(result) == set()
    assert next(iter(result)) == "clean-up after an interrupted verification"
    assert platform.asked.index("remove") < platform.asked.index("people")
    assert (platform.users, platform.coupons, platform.on_sale) == ({}, set(), set())
    assert platform.courses == {"course-v1:edX+One+2026"}
    assert [order["owed"] for order in platform.orders.values() if order["owed"]] == []
    assert Verification.objects.get().cleaned


def test_the_steps_that_remedies_name_exist() -> None:
    named: set[str] = set()
    for path in Path(run.__file__).parent.glob("*.py"):
        named |= {item or other for item, other in STEP.findall(path.read_text())}
    assert {"clients", "job", "site"} <= named <= {step.name for step in STEPS}


@pytest.mark.parametrize("part", ["ecommerce_clean", "ecommerce_orders"])
def test_a_clean_up_that_fails_at_one_service_is_owed(
    lines: Verify, platform: Platform, part: str
) -> None:
    def refuse(_given: object) -> None:
        raise ValueError("database is locked")

    setattr(platform, part, refuse)
    assert "database is locked" in lines(purchase=True)["clean-up"].compared
    assert not Verification.objects.get().cleaned
    assert platform.users == {}
    assert platform.courses == {"course-v1:edX+One+2026"}


def test_what_has_neither_service_is_not_verified(world: World) -> None:
    appserver = world.spawn(world.make_instance(), activate=True)
    with pytest.raises(Conflict, match="neither"):
        verify(appserver, world.context())


def test_what_does_not_serve_is_not_verified(world: World, appserver: OpenEdXAppServer) -> None:
    OpenEdXAppServer.objects.update(is_active=False)
    with pytest.raises(Conflict, match="not active"):
        verify(appserver, world.context())


def test_what_visitors_do_not_see_is_not_verified(
    world: World, appserver: OpenEdXAppServer
) -> None:
    OpenEdXInstance.objects.update(maintenance="Back at nine.")
    with pytest.raises(Conflict, match="is in maintenance"):
        verify(appserver, world.context())


def test_passwords_and_codes_of_sign_ons_are_not_kept(
    world: World, appserver: OpenEdXAppServer, platform: Platform
) -> None:
    seen: list[Request] = []

    def answer(asked: Request) -> Answer:
        seen.append(asked)
        return platform.answer(asked)

    world.browsers.answer = answer
    verify(appserver, world.context(), purchase=True)
    kept = str(Verification.objects.get().lines)
    secrets = {asked.form.get("password") or asked.form.get("client_secret") for asked in seen}
    assert not [item for item in secrets - {None} if item and item in kept]
