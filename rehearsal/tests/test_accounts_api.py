from django.contrib.auth.models import User
from django.test import Client

from tests.conftest import jwt

URL = "/api/user/v1/accounts/"


def test_the_shop_sees_that_an_account_is_active(
    client: Client, learner: User, worker: User
) -> None:
    answer = client.get(f"{URL}lena", headers={"Authorization": jwt(worker)}).json()
    assert answer["is_active"] is True
    assert (answer["name"], answer["email"]) == ("Lena Learner", "lena@example.com")


def test_others_see_no_more_than_the_name(client: Client, learner: User, worker: User) -> None:
    answer = client.get(f"{URL}{worker.username}", headers={"Authorization": jwt(learner)})
    assert answer.json() == {"username": worker.username}


def test_an_unknown_account_is_not_found(client: Client, learner: User) -> None:
    assert client.get(f"{URL}who", headers={"Authorization": jwt(learner)}).status_code == 404


def test_an_anonymous_caller_is_refused(client: Client, learner: User) -> None:
    assert client.get(f"{URL}lena").status_code == 401
