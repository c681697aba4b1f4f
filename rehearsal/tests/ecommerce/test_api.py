"""Tests of the shop's API without an LMS."""

import time
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from jwcrypto.jwk import JWK
from oscar.core.loading import get_model
from pytest_django import Settings
from waffle.testutils import override_switch

from rehearsal.common import jwt
from rehearsal.common.releases import parse
from rehearsal.ecommerce.catalogue.models import Product
from rehearsal.ecommerce.core.models import SiteConfiguration, User
from tests.ecommerce.callers import V2, ask, sku, token
from tests.ecommerce.configuration import WORKER_SECRET

Basket = get_model("basket", "Basket")


LISTS = ("courses/", "products/", "partners/", "stockrecords/", "coupons/")


@pytest.mark.parametrize("path", [*LISTS, "orders/", "payment/processors/"])
@pytest.mark.parametrize("authorization", ["", "JWT nonsense", "Bearer {}", "Basic x"])
def test_who_proves_nothing_is_asked_to(
    path: str, authorization: str, client: Client, site: SiteConfiguration
) -> None:
    answer = ask(client, path, authorization.format(token("worker", administrator=True)))
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'JWT realm="api"')


@pytest.mark.parametrize("path", LISTS)
def test_lists_are_for_staff(path: str, client: Client, staff_jwt: str, learner_jwt: str) -> None:
    assert ask(client, path, learner_jwt).status_code == 403
    answer = ask(client, path, staff_jwt)
    assert answer.status_code == 200
    assert answer.json().keys() == {"count", "next", "previous", "results"}


def test_the_token_says_who_is_staff_each_time(client: Client, staff_jwt: str) -> None:
    assert ask(client, "courses/", staff_jwt).status_code == 200
    assert User.objects.get(username="worker").is_staff
    assert ask(client, "courses/", f"JWT {token('worker')}").status_code == 403


def test_an_empty_key_set_lets_nobody_in(
    client: Client, staff_jwt: str, settings: Settings
) -> None:
    settings.JWT_AUTH = {**settings.JWT_AUTH, "JWT_PUBLIC_SIGNING_JWK_SET": ""}
    assert ask(client, "courses/", staff_jwt).status_code == 401


def test_the_worker_signs_for_itself(client: Client, site: SiteConfiguration) -> None:
    claims = {
        "iss": "ecommerce_worker",
        "aud": "lms-key",
        "exp": int(time.time()) + 60,
        "username": "ecommerce_worker",
    }
    own = jwt.sign(claims, key=JWK.from_password(WORKER_SECRET), algorithm="HS256")
    assert ask(client, "courses/", f"JWT {own}").status_code == 200


def test_the_root_has_nothing(client: Client, staff_jwt: str) -> None:
    assert ask(client, "", staff_jwt).status_code == 404


def test_discovery_reads_courses_with_their_products(
    client: Client, staff_jwt: str, seat: Product
) -> None:
    answer = ask(client, "courses/?page=1&page_size=50&include_products=True", staff_jwt).json()
    [course] = answer["results"]
    assert (answer["count"], course["id"], course["type"]) == (
        1,
        "course-v1:edX+Demo+2026",
        "verified",
    )
    parent, child = course["products"]
    assert (parent["structure"], child["structure"]) == ("parent", "child")
    assert child["product_class"] == "Seat"
    assert {row["name"]: row["value"] for row in child["attribute_values"]} == {
        "certificate_type": "verified",
        "course_key": "course-v1:edX+Demo+2026",
        "id_verification_required": True,
    }
    [record] = child["stockrecords"]
    assert (record["price_currency"], record["price"], record["partner_sku"]) == (
        "GBP",
        "10.00",
        sku(seat),
    )
    without = ask(client, "courses/", staff_jwt).json()["results"][0]
    assert "products" not in without


def test_products_are_narrowed_by_class_and_structure(
    client: Client, staff_jwt: str, seat: Product
) -> None:
    def count(query: str) -> int:
        return int(ask(client, f"products/?{query}", staff_jwt).json()["count"])

    assert count("") == 2
    assert count("product_class=Seat&structure=child") == 1
    assert count("product_class=Course Entitlement") == 0
    assert count("product_class=Enrollment Code") == 0


NAMES_OF_PRICES = {"juniper.2": "price_excl_tax", "quince.3": "price_excl_tax",
                   "redwood.1": "price", "master": "price"}  # fmt: skip


@pytest.mark.parametrize("release", NAMES_OF_PRICES)
def test_a_price_has_the_name_of_the_release_and_can_be_changed(
    client: Client, staff_jwt: str, seat: Product, settings: Settings, release: str
) -> None:
    settings.RELEASE, name = parse(release), NAMES_OF_PRICES[release]
    record = seat.stockrecords.get()
    answer = client.patch(
        f"{V2}stockrecords/{record.pk}/",
        {name: "12.50", "partner_sku": "MINE"},
        content_type="application/json",
        headers={"Authorization": staff_jwt},
    )
    assert answer.status_code == 200
    assert {key: value for key, value in answer.json().items() if key.startswith("price")} == {
        "price_currency": "GBP", name: "12.50",
    }  # fmt: skip
    record.refresh_from_db()
    assert (record.price, record.partner_sku) == (Decimal("12.50"), sku(seat))


def test_courses_are_not_deleted_here(client: Client, staff_jwt: str, seat: Product) -> None:
    url = f"{V2}courses/{seat.course_id}/"
    assert client.get(url, headers={"Authorization": staff_jwt}).status_code == 200
    assert client.delete(url, headers={"Authorization": staff_jwt}).status_code == 405


def test_processors_are_those_that_the_site_lists_and_that_are_switched_on(
    client: Client, learner_jwt: str, site: SiteConfiguration
) -> None:
    assert ask(client, "payment/processors/", learner_jwt).json() == ["test-card"]
    cache.clear()
    site.payment_processors = "paypal, nonsense ,test-card"
    site.save()
    assert ask(client, "payment/processors/", learner_jwt).json() == ["paypal", "test-card"]
    cache.clear()
    with override_switch("payment_processor_active_paypal", active=False):
        assert ask(client, "payment/processors/", learner_jwt).json() == ["test-card"]


def test_the_list_of_processors_tells_of_a_switch_half_an_hour_late(
    client: Client, learner_jwt: str, site: SiteConfiguration
) -> None:
    assert ask(client, "payment/processors/", learner_jwt).json() == ["test-card"]
    with override_switch("payment_processor_active_test-card", active=False):
        assert ask(client, "payment/processors/", learner_jwt).json() == ["test-card"]
        cache.clear()
        assert ask(client, "payment/processors/", learner_jwt).json() == []


PUBLICATION: dict[str, Any] = {
    "id": "course-v1:edX+New+2026",
    "name": "New",
    "products": [
        {
            "product_class": "Seat",
            "price": 1,
            "attribute_values": [{"name": "id_verification_required", "value": False}],
        }
    ],
}


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"id": "Not an ID"}, "not a valid course ID"),
        ({"products": [{**PUBLICATION["products"][0], "product_class": "Hat"}]}, "[Hat]"),
        ({"products": [{**PUBLICATION["products"][0], "price": None}]}, "must have a price"),
        ({"products": [{**PUBLICATION["products"][0], "attribute_values": []}]}, "verification"),
        ({"products": [{**PUBLICATION["products"][0], "price": -1}]}, "greater than"),
        ({"products": "one"}, "list"),
        ({"verification_deadline": "soon"}, "Datetime"),
    ],
)
def test_a_publication_that_makes_no_sense_is_refused(
    changes: dict[str, Any], said: str, client: Client, staff_jwt: str
) -> None:
    answer = ask(client, "publication/", staff_jwt, **{**PUBLICATION, **changes})
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_publication_can_be_switched_off(client: Client, staff_jwt: str) -> None:
    with override_switch("publish_course_modes_to_lms", active=False):
        answer = ask(client, "publication/", staff_jwt, **PUBLICATION)
    assert answer.status_code == 500
    assert "ghost SKUs" in answer.json()["error"]
    assert ask(client, "courses/", staff_jwt).json()["count"] == 0


def test_a_basket_that_costs_something_has_to_be_paid(
    client: Client, learner_jwt: str, seat: Product
) -> None:
    made = ask(client, "baskets/", learner_jwt, products=[{"sku": sku(seat)}])
    assert made.status_code == 200
    assert made.json()["order"] is None
    refused = ask(client, "baskets/", learner_jwt, products=[{"sku": sku(seat)}], checkout=True)
    assert refused.status_code == 400
    assert "shop's own page" in refused.json()["detail"]


@pytest.mark.parametrize("products", [[], [{"sku": "NONE"}], [{}], ["x"]])
def test_a_basket_of_nothing_is_refused(
    products: list[Any], client: Client, learner_jwt: str
) -> None:
    answer = ask(client, "baskets/", learner_jwt, products=products, checkout=True)
    assert answer.status_code == 400
    assert not Basket.objects.exists()


@pytest.mark.parametrize(
    "body, status",
    [
        ({"username": "lena"}, 400),
        ({"username": "nobody", "course_id": "x"}, 403),
        ({"username": "lena", "course_id": "course-v1:edX+Demo+2026"}, 200),
    ],
)
def test_a_refund_is_for_oneself_and_for_what_was_bought(
    body: dict[str, Any], status: int, client: Client, learner_jwt: str
) -> None:
    answer = ask(client, "refunds/", learner_jwt, **body)
    assert answer.status_code == status
    assert status != 200 or answer.json() == []


def test_staff_are_told_of_users_that_there_are_not(client: Client, staff_jwt: str) -> None:
    answer = ask(client, "refunds/", staff_jwt, username="nobody", course_id="x")
    assert (answer.status_code, answer.json()["detail"]) == (400, 'User "nobody" does not exist.')


def test_what_is_no_object_is_refused(client: Client, staff_jwt: str) -> None:
    for path in ("baskets/", "checkout/", "refunds/", "publication/", "coupons/"):
        answer = client.post(
            f"{V2}{path}",
            "[]",
            content_type="application/json",
            headers={"Authorization": staff_jwt},
        )
        assert answer.status_code == 400, path
