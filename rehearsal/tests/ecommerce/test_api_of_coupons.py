"""Coupons by the API, and what they do to a price."""

from typing import Any

import pytest
from django.test import Client
from oscar.core.loading import get_model

from rehearsal.ecommerce.catalogue.models import Product
from tests.ecommerce.callers import V2, ask, sku, token
from tests.ecommerce.world import COUPON

Basket = get_model("basket", "Basket")
Order = get_model("order", "Order")


def coupon(seat: Product, **changes: Any) -> dict[str, Any]:
    return {**COUPON, "stock_record_ids": [seat.stockrecords.get().pk], **changes}


def test_an_offer_cannot_be_deleted_after_its_condition(
    client: Client, staff_jwt: str, seat: Product
) -> None:
    ask(client, "coupons/", staff_jwt, **coupon(seat))
    offer = get_model("offer", "ConditionalOffer").objects.get()
    condition = get_model("offer", "Condition").objects.get(pk=offer.condition_id)
    condition.delete()
    with pytest.raises(type(condition).DoesNotExist):
        offer.delete()


def test_a_coupon_is_an_order_of_whoever_makes_it(
    client: Client, staff_jwt: str, seat: Product
) -> None:
    made = ask(client, "coupons/", staff_jwt, **coupon(seat, price=100, quantity=3))
    assert made.status_code == 200
    assert made.json()["payment_data"] == {"payment_processor_name": "Invoice"}
    order = Order.objects.get(pk=made.json()["order"])
    assert (order.status, order.total_incl_tax) == ("Complete", 100)
    shown = ask(client, f"coupons/{made.json()['coupon_id']}/", staff_jwt).json()
    assert (shown["coupon_type"], shown["quantity"], shown["code"]) == ("Enrollment code", 3, None)
    assert shown["seats"] == [
        "Seat in Demonstration with verified certificate (and ID verification)"
    ]
    report = ask(client, f"coupons/coupon_reports/{made.json()['coupon_id']}/", staff_jwt)
    assert len(report.content.decode().split()) > 3


@pytest.mark.parametrize(
    "changes, status",
    [
        ({"benefit_type": "Gift"}, 400),
        ({"benefit_value": 121}, 400),
        ({"benefit_value": -1}, 400),
        ({"category": {"a": "b"}}, 400),
        ({"category": {"name": "Hats"}}, 404),
        ({"end_datetime": "2019-01-01T00:00:00Z"}, 400),
        ({"stock_record_ids": [4711]}, 400),
        ({"code": "TWICE", "quantity": 2}, 400),
        ({"code": "not a code"}, 400),
        ({"max_uses": 2}, 400),
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused(
    changes: dict[str, Any], status: int, client: Client, staff_jwt: str, seat: Product
) -> None:
    answer = ask(client, "coupons/", staff_jwt, **coupon(seat, **changes))
    assert answer.status_code == status
    assert ask(client, "coupons/", staff_jwt).json()["count"] == 0


def test_a_coupon_for_the_whole_price_may_not_have_a_code_of_ones_own(
    client: Client, staff_jwt: str, seat: Product
) -> None:
    answer = ask(client, "coupons/", staff_jwt, **coupon(seat, code="SPRING"))
    assert answer.status_code == 400
    assert answer.json() == ["Failed to create Voucher. Code may not be set for enrollment coupon."]
    made = ask(client, "coupons/", staff_jwt, **coupon(seat)).json()
    assert len(ask(client, f"coupons/{made['coupon_id']}/", staff_jwt).json()["code"]) == 16


def test_a_code_is_given_once(client: Client, staff_jwt: str, seat: Product) -> None:
    wanted = coupon(seat, code="SPRING", benefit_value=25)
    assert ask(client, "coupons/", staff_jwt, **wanted).status_code == 200
    again = ask(client, "coupons/", staff_jwt, **{**wanted, "code": "spring"})
    assert again.status_code == 400


def test_a_coupon_can_be_taken_back(client: Client, staff_jwt: str, seat: Product) -> None:
    made = ask(
        client, "coupons/", staff_jwt, **coupon(seat, code="SPRING", benefit_value=25)
    ).json()
    url = f"{V2}coupons/{made['coupon_id']}/"
    assert client.delete(url, headers={"Authorization": staff_jwt}).status_code == 204
    price = ask(client, f"baskets/calculate/?sku={sku(seat)}&code=SPRING", staff_jwt).json()
    assert price["total_incl_tax"] == 10


@pytest.mark.parametrize(
    "benefit, total",
    [
        ({"benefit_value": 100}, 0),
        ({"benefit_value": 25}, 7.5),
        ({"benefit_type": "Absolute", "benefit_value": 3}, 7),
        ({"benefit_type": "Absolute", "benefit_value": 30}, 0),
    ],
)
def test_a_price_is_calculated_and_nothing_is_kept(
    benefit: dict[str, Any], total: float, client: Client, staff_jwt: str, seat: Product
) -> None:
    made = ask(client, "coupons/", staff_jwt, **coupon(seat, **benefit)).json()
    code = ask(client, f"coupons/{made['coupon_id']}/", staff_jwt).json()["code"]
    before = Basket.objects.count()
    learner_jwt = f"JWT {token('lena')}"
    price = ask(client, f"baskets/calculate/?sku={sku(seat)}&code={code}", learner_jwt).json()
    assert price == {
        "total_incl_tax_excl_discounts": 10,
        "total_incl_tax": total,
        "currency": "GBP",
    }
    assert Basket.objects.count() == before
    unknown = ask(client, f"baskets/calculate/?sku={sku(seat)}&code=NONE", learner_jwt).json()
    assert unknown["total_incl_tax"] == 10
    assert ask(client, "baskets/calculate/", learner_jwt).status_code == 400
