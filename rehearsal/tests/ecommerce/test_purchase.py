"""Buying a course, with a real LMS: basket, payment, order, enrollment, refund."""

import re

import pytest
import requests

from rehearsal.ecommerce.payments.test_card import DECLINED, GOOD
from tests.ecommerce.world import Browser, OnSale, World, as_json, publication

ORDER = re.compile(r"DEMO-1000\d\d")


@pytest.fixture(scope="module")
def seat(world: World) -> OnSale:
    return world.course("Purchase")


def pay(browser: Browser, seat: OnSale, card: str = GOOD) -> requests.Response:
    """Put the seat into the basket and pay it; what the browser then shows."""
    shop = browser.world.shop
    basket = browser.see(f"{shop}/basket/add/?sku={seat.sku}")
    answer: requests.Response = browser.submit(
        f"{shop}/payment/test-card/submit/", basket, card_number=card
    )
    return answer


def number_on(receipt: requests.Response) -> str:
    assert "/checkout/receipt/?order_number=" in receipt.url, receipt.text
    result = ORDER.search(receipt.text)
    assert result
    return result[0]


def test_the_lms_shows_the_price_and_leads_to_the_basket(world: World, seat: OnSale) -> None:
    browser = world.learner("anna")
    about = browser.see(f"{world.lms}/courses/{seat.course_id}/about")
    assert "10 GBP" in about.text
    link = re.search(rf'href="({world.shop}/basket/add/\?sku=\w+)"', about.text)
    assert link
    basket = browser.see(link[1])
    assert basket.url == f"{world.shop}/basket/"
    assert "£10.00" in basket.text


def test_who_pays_is_enrolled_and_finds_the_course_on_the_dashboard(
    world: World, seat: OnSale
) -> None:
    browser = world.learner("berta")
    receipt = pay(browser, seat)
    number = number_on(receipt)
    assert "You are enrolled." in receipt.text
    order = as_json(world.api("GET", f"orders/{number}/", world.staff_token()))
    assert (order["status"], order["total_excl_tax"], order["currency"]) == (
        "Complete",
        "10.00",
        "GBP",
    )
    assert (order["user"]["username"], order["payment_processor"]) == ("berta", "test-card")
    enrollment = world.enrollment("berta", seat.course_id)
    assert (enrollment["mode"], enrollment["is_active"]) == ("verified", True)
    assert "verified" in browser.see(f"{world.lms}/dashboard").text
    # It is nobody else's.
    assert world.learner("bela").see(receipt.url).status_code == 404


def test_a_card_that_is_declined_buys_nothing(world: World, seat: OnSale) -> None:
    browser = world.learner("clara")
    answer = pay(browser, seat, card=DECLINED)
    assert answer.url == f"{world.shop}/basket/"
    assert "declined" in answer.text
    assert world.enrollment("clara", seat.course_id) is None
    assert number_on(pay(browser, seat))


def test_the_same_seat_is_not_sold_twice_to_anybody(world: World, seat: OnSale) -> None:
    browser = world.learner("dora")
    number_on(pay(browser, seat))
    again = browser.see(f"{world.shop}/basket/add/?sku={seat.sku}")
    assert again.status_code == 400
    assert "already purchased" in again.text


def test_a_refund_gives_the_money_back_and_ends_the_enrollment(world: World, seat: OnSale) -> None:
    browser = world.learner("ella")
    number_on(pay(browser, seat))
    staff = world.staff_token()
    made = world.api("POST", "refunds/", staff, course_id=seat.course_id, username="ella")
    assert made.status_code == 201
    [refund] = made.json()
    again = world.api("POST", "refunds/", staff, course_id=seat.course_id, username="ella")
    assert (again.status_code, again.json()) == (200, [])
    approved = world.api("PUT", f"refunds/{refund}/process/", staff, action="approve")
    assert (approved.status_code, approved.json()["status"]) == (200, "Complete")
    assert world.enrollment("ella", seat.course_id)["is_active"] is False
    assert number_on(pay(browser, seat))


def test_a_refund_of_nothing_is_settled_at_once_and_leaves_the_enrollment(
    world: World, seat: OnSale
) -> None:
    browser = world.learner("frida")
    browser.see(f"{world.shop}/coupons/redeem/?code={world.coupon(seat)}&sku={seat.sku}")
    staff = world.staff_token()
    made = world.api("POST", "refunds/", staff, course_id=seat.course_id, username="frida")
    assert made.status_code == 201
    [refund] = made.json()
    approved = world.api("PUT", f"refunds/{refund}/process/", staff, action="approve")
    assert approved.json()["status"] == "Complete"
    assert world.enrollment("frida", seat.course_id)["is_active"] is True


def test_an_order_that_the_lms_refuses_waits_and_is_tried_again(world: World) -> None:
    seat = world.course("Vanishing")
    # Gone at the LMS, and still in the shop.
    vanish = (
        "from rehearsal.edxapp.course_overviews.models import CourseOverview\n"
        "CourseOverview.objects.filter(number='Vanishing').delete()"
    )
    world.lms_shell(vanish)
    browser = world.learner("flora")
    receipt = pay(browser, seat)
    number = number_on(receipt)
    assert "not enrolled yet" in receipt.text
    staff = world.staff_token()
    assert world.api("GET", f"orders/{number}/", staff).json()["status"] == "Fulfillment Error"
    assert world.api("PUT", f"orders/{number}/fulfill/", staff).status_code == 500
    world.course("Vanishing")
    fulfilled = world.api("PUT", f"orders/{number}/fulfill/", staff)
    assert (fulfilled.status_code, fulfilled.json()["status"]) == (200, "Complete")
    assert world.enrollment("flora", seat.course_id)["is_active"] is True
    assert world.api("PUT", f"orders/{number}/fulfill/", staff).status_code == 406


def test_a_coupon_for_all_of_the_price_leads_to_the_receipt(world: World, seat: OnSale) -> None:
    code = world.coupon(seat)
    browser = world.learner("gerda")
    link = f"{world.shop}/coupons/redeem/?code={code}&sku={seat.sku}"
    receipt = browser.see(link)
    assert number_on(receipt)
    assert "£0.00" in receipt.text
    assert world.enrollment("gerda", seat.course_id)["mode"] == "verified"
    assert "already been used" in world.learner("gustav").see(link).text


def test_a_coupon_for_half_of_the_price_leads_to_the_basket(world: World, seat: OnSale) -> None:
    code = world.coupon(seat, benefit_value=50, voucher_type="Multi-use")
    browser = world.learner("hanna")
    basket = browser.see(f"{world.shop}/coupons/redeem/?code={code}&sku={seat.sku}")
    assert basket.url == f"{world.shop}/basket/"
    assert "£5.00" in basket.text
    browser.submit(f"{world.shop}/payment/test-card/submit/", basket, card_number=GOOD)
    token = world.staff_token()
    [order] = world.api("GET", "orders/?username=hanna", token).json()["results"]
    assert (order["total_excl_tax"], order["discount"], order["vouchers"]) == (
        "5.00",
        "5.00",
        [code],
    )


def test_a_code_that_there_is_not(world: World, seat: OnSale) -> None:
    browser = world.learner("ida")
    answer = browser.see(f"{world.shop}/coupons/redeem/?code=NONE&sku={seat.sku}")
    assert "No voucher found with code NONE" in answer.text
    assert answer.status_code == 400


def test_a_learner_may_not_publish(world: World, seat: OnSale) -> None:
    browser = world.learner("jana")
    browser.see(f"{world.shop}/login")
    page = browser.see(f"{world.shop}/basket/")
    token = browser.cookies.get("ecommerce_csrftoken")
    answer = browser.post(
        f"{world.shop}/api/v2/publication/",
        json={},
        headers={"X-CSRFToken": str(token), "Referer": page.url},
        timeout=60,
    )
    assert answer.status_code == 403


def test_what_the_lms_does_not_take_is_not_kept(world: World) -> None:
    answer = world.api(
        "POST", "publication/", world.staff_token(), **publication("course-v1:edX+Unknown+2026")
    )
    assert answer.status_code == 500
    assert "does not exist" in answer.json()["error"]
    listed = world.api("GET", "courses/?page_size=100", world.staff_token()).json()
    assert "course-v1:edX+Unknown+2026" not in {course["id"] for course in listed["results"]}


def test_a_processor_that_a_command_switches_off_is_off_at_once(world: World, seat: OnSale) -> None:
    browser = world.learner("klara")
    link = f"{world.shop}/basket/add/?sku={seat.sku}"
    assert "Test card" in browser.see(link).text
    world.manage_shop("waffle_switch", "payment_processor_active_test-card", "off")
    try:
        assert "no payment processor is switched on" in browser.see(link).text
    finally:
        world.manage_shop("waffle_switch", "payment_processor_active_test-card", "on")
    assert "Test card" in browser.see(link).text
