from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from rehearsal.edxapp.commerce.models import CommerceConfiguration
from rehearsal.edxapp.course_modes.models import CourseMode
from rehearsal.edxapp.course_overviews.models import CourseOverview
from rehearsal.edxapp.student.models import CourseEnrollment, enroll

ABOUT = "/courses/course-v1:edX+Demo+2026/about"
ENROLL = "/courses/course-v1:edX+Demo+2026/enroll"
BASKET = "https://shop.example.com/basket/add/?sku=A1B2C3"


def html(client: Client, path: str) -> str:
    return client.get(path).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/login", "/register"])
def test_every_page_shows_the_release_that_serves_it(path: str, client: Client) -> None:
    page = html(client, path)
    assert "open-release/sumac.1" in page
    assert "Rehearsal Academy" in page


@pytest.mark.django_db
def test_a_page_that_is_not_there_looks_like_the_others(client: Client) -> None:
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert "open-release/sumac.1" in response.content.decode()


def test_published_courses_are_on_the_first_page(client: Client, course: CourseOverview) -> None:
    assert ABOUT in html(client, "/")


def test_drafts_have_no_page(client: Client, course: CourseOverview) -> None:
    course.published = False
    course.save()
    assert ABOUT not in html(client, "/")
    assert client.get(ABOUT).status_code == 404


def test_a_learner_enrols_for_nothing(
    client: Client, learner: User, course: CourseOverview
) -> None:
    client.force_login(learner)
    assert ENROLL in html(client, ABOUT)
    client.post(ENROLL, {"mode": "audit"})
    assert "Demonstration" in html(client, "/dashboard")
    assert "You are enrolled (audit)" in html(client, ABOUT)


def test_an_anonymous_visitor_is_asked_to_sign_in(client: Client, course: CourseOverview) -> None:
    assert "Sign in to enrol" in html(client, ABOUT)
    assert client.post(ENROLL, {"mode": "audit"}).headers["Location"].startswith("/login")


@pytest.mark.usefixtures("verified")
def test_a_paid_mode_is_not_had_by_the_button(client: Client, learner: User) -> None:
    client.force_login(learner)
    client.post(ENROLL, {"mode": "verified"})
    assert not CourseEnrollment.objects.exists()


def test_enrolment_that_is_over_is_over(
    client: Client, learner: User, course: CourseOverview
) -> None:
    course.enrollment_end = timezone.now() - timedelta(days=1)
    course.save()
    client.force_login(learner)
    assert "Enrolment is not open" in html(client, ABOUT)
    client.post(ENROLL, {"mode": "audit"})
    assert not CourseEnrollment.objects.exists()


@pytest.mark.usefixtures("verified")
def test_nothing_is_for_sale_until_the_shop_is_configured(client: Client, learner: User) -> None:
    client.force_login(learner)
    assert "Not for sale here" in html(client, ABOUT)


def test_an_upgrade_leads_to_the_shops_basket(
    client: Client, learner: User, verified: CourseMode
) -> None:
    CommerceConfiguration(checkout_on_ecommerce_service=True).save()
    enroll(learner, verified.course, mode="audit")
    client.force_login(learner)
    assert BASKET in html(client, ABOUT)
    assert BASKET in html(client, "/dashboard")


def test_a_deadline_ends_the_sale(client: Client, learner: User, verified: CourseMode) -> None:
    CommerceConfiguration(checkout_on_ecommerce_service=True).save()
    verified.expiration_datetime = timezone.now() - timedelta(days=1)
    verified.save()
    client.force_login(learner)
    assert BASKET not in html(client, ABOUT)


@pytest.mark.django_db
def test_the_newest_commerce_configuration_is_in_force() -> None:
    configuration = CommerceConfiguration(checkout_on_ecommerce_service=True)
    configuration.save()
    configuration.checkout_on_ecommerce_service = False
    configuration.save()
    assert CommerceConfiguration.objects.count() == 2
    assert not CommerceConfiguration.current().checkout_on_ecommerce_service
