import pytest
from django.contrib.auth.models import User
from django.test import Client

REGISTRATION = {
    "name": "Rosa Register",
    "email": "rosa@example.com",
    "username": "rosa",
    "password1": "correct horse",
    "password2": "correct horse",
}


@pytest.mark.django_db
def test_who_registers_has_a_profile_and_is_signed_in(client: Client) -> None:
    response = client.post("/register?next=/dashboard", REGISTRATION)
    assert response.headers["Location"] == "/dashboard"
    assert client.get("/dashboard").status_code == 200
    assert User.objects.get(username="rosa").profile.name == "Rosa Register"


def test_an_address_can_be_registered_once(client: Client, learner: User) -> None:
    response = client.post("/register", {**REGISTRATION, "email": "LENA@example.com"})
    assert "There is an account with this address already." in response.content.decode()
    assert not User.objects.filter(username="rosa").exists()


@pytest.mark.django_db
def test_registration_leads_nowhere_else(client: Client) -> None:
    response = client.post("/register?next=https://evil.example.com/", REGISTRATION)
    assert response.headers["Location"] == "/"


@pytest.mark.parametrize("name", ["lena", "lena@example.com", "Lena@Example.com"])
def test_one_signs_in_with_address_or_username(name: str, client: Client, learner: User) -> None:
    response = client.post(
        "/login?next=/dashboard", {"username": name, "password": "correct horse"}
    )
    assert response.headers["Location"] == "/dashboard"


def test_a_wrong_password_is_refused(client: Client, learner: User) -> None:
    response = client.post("/login", {"username": "lena", "password": "wrong horse"})
    assert response.status_code == 200
    assert "_auth_user_id" not in client.session


def test_a_browser_that_is_sent_to_sign_out_is_signed_out(client: Client, learner: User) -> None:
    client.force_login(learner)
    client.get("/logout")
    assert "_auth_user_id" not in client.session


def test_one_signs_in_by_a_call_with_the_cookie_that_came_with_the_form(learner: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    url = "/user_api/v1/account/login_session/"
    learner.set_password("correct horse")
    learner.save()
    arguments = {"email": learner.email, "password": "correct horse"}
    assert browser.post(url, arguments).status_code == 403
    browser.get(url)
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    refused = browser.post(url, {**arguments, "password": "wrong"}, headers=token)
    assert (refused.status_code, refused.json()["success"]) == (403, False)
    assert browser.post(url, arguments, headers=token).status_code == 200
    assert browser.get("/dashboard").status_code == 200
