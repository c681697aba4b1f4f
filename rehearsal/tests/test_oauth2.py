from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.http import HttpResponseBase
from django.test import Client
from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT
from pytest_django import Settings

from rehearsal.common import jwt
from rehearsal.edxapp.oauth_dispatch import tokens
from tests.configuration import jwk_set

CALLBACK = "https://shop.example.com/complete/edx-oauth2/"
AUTHORIZE = {
    "client_id": "sso-key",
    "redirect_uri": f"{CALLBACK}?redirect_state=S",
    "state": "S",
    "response_type": "code",
    "scope": "user_id profile email",
}


@pytest.fixture
def clients(worker: User) -> None:
    """Create a service's two clients, as on a real server."""
    call_command(
        "create_dot_application",
        "shop-sso",
        "discovery_worker",
        "--grant-type=authorization-code",
        "--skip-authorization",
        f"--redirect-uris={CALLBACK}",
        "--client-id=sso-key",
        "--client-secret=sso-secret",
        "--scopes=user_id",
    )
    call_command(
        "create_dot_application",
        "shop-backend",
        "discovery_worker",
        "--client-id=backend-key",
        "--client-secret=backend-secret",
    )


def code_of(response: HttpResponseBase) -> str:
    return parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]


def exchange(client: Client, **fields: str) -> Any:
    return client.post("/oauth2/access_token", {"token_type": "jwt", **fields})


def sign_on(client: Client, code: str) -> Any:
    return exchange(
        client,
        grant_type="authorization_code",
        code=code,
        redirect_uri=AUTHORIZE["redirect_uri"],
        client_id="sso-key",
        client_secret="sso-secret",
    )


def backend(client: Client, **changes: str) -> Any:
    fields = {
        "grant_type": "client_credentials",
        "client_id": "backend-key",
        "client_secret": "backend-secret",
    }
    return exchange(client, **{**fields, **changes})


@pytest.mark.usefixtures("clients")
def test_a_browser_comes_back_to_the_service_with_code_and_state(
    client: Client, learner: User
) -> None:
    client.force_login(learner)
    response = client.get("/oauth2/authorize", AUTHORIZE)
    location = urlsplit(response.headers["Location"])
    assert response.status_code == 302
    assert f"{location.scheme}://{location.netloc}{location.path}" == CALLBACK
    query = parse_qs(location.query)
    assert (query["state"], query["redirect_state"]) == (["S"], ["S"])
    assert query["code"]


@pytest.mark.usefixtures("clients")
def test_an_anonymous_browser_signs_in_first(client: Client) -> None:
    response = client.get("/oauth2/authorize", AUTHORIZE)
    assert response.headers["Location"].startswith("/login?next=/oauth2/authorize")


@pytest.mark.usefixtures("clients")
def test_the_token_tells_the_service_who_signed_on(client: Client, learner: User) -> None:
    client.force_login(learner)
    answer = sign_on(client, code_of(client.get("/oauth2/authorize", AUTHORIZE))).json()
    assert answer["token_type"] == "JWT"
    assert answer["expires_in"] == 3600
    assert answer["scope"] == "user_id profile email"
    claims = tokens.verify(answer["access_token"])
    assert (
        claims
        | {
            "preferred_username": "lena",
            "email": "lena@example.com",
            "name": "Lena Learner",
            "given_name": "",
            "family_name": "",
            "user_id": learner.pk,
            "administrator": False,
            "superuser": False,
            "locale": "en",
            "iss": "https://lms.example.com/oauth2",
            "aud": "lms-key",
        }
        == claims
    )


@pytest.mark.usefixtures("clients")
def test_a_code_buys_one_token(client: Client, learner: User) -> None:
    client.force_login(learner)
    code = code_of(client.get("/oauth2/authorize", AUTHORIZE))
    assert sign_on(client, code).status_code == 200
    assert sign_on(client, code).status_code == 400


@pytest.mark.usefixtures("clients")
def test_a_refresh_token_buys_another_jwt(client: Client, learner: User) -> None:
    client.force_login(learner)
    first = sign_on(client, code_of(client.get("/oauth2/authorize", AUTHORIZE))).json()
    second = exchange(
        client,
        grant_type="refresh_token",
        refresh_token=first["refresh_token"],
        client_id="sso-key",
        client_secret="sso-secret",
    )
    assert tokens.verify(second.json()["access_token"])["preferred_username"] == "lena"


@pytest.mark.usefixtures("clients")
def test_a_service_calls_as_the_user_its_client_is_attached_to(client: Client) -> None:
    answer = backend(client).json()
    claims = tokens.verify(answer["access_token"])
    assert claims["preferred_username"] == "discovery_worker"
    assert claims["administrator"] is True


@pytest.mark.usefixtures("clients")
def test_without_token_type_the_token_is_opaque(client: Client) -> None:
    answer = backend(client, token_type="").json()
    assert answer["token_type"] == "Bearer"
    assert "." not in answer["access_token"]


@pytest.mark.usefixtures("clients")
def test_a_wrong_secret_is_refused(client: Client) -> None:
    assert backend(client, client_secret="guessed").status_code == 401


@pytest.mark.usefixtures("clients")
def test_a_scope_that_was_not_allowed_to_the_client_is_refused(client: Client) -> None:
    response = backend(client, scope="user_id")
    assert response.json()["error"] == "invalid_scope"


@pytest.mark.usefixtures("clients")
@pytest.mark.parametrize("uri", ["https://evil.test/", f"{CALLBACK}?next=x", f"{CALLBACK}x"])
def test_an_unknown_callback_is_never_redirected_to(
    uri: str, client: Client, learner: User
) -> None:
    client.force_login(learner)
    response = client.get("/oauth2/authorize", {**AUTHORIZE, "redirect_uri": uri})
    assert response.status_code == 400
    assert "cannot be answered" in response.content.decode()


@pytest.mark.usefixtures("clients")
def test_a_client_that_is_not_trusted_asks_the_learner(client: Client, learner: User) -> None:
    call_command(
        "create_dot_application",
        "other",
        "discovery_worker",
        "--grant-type=authorization-code",
        f"--redirect-uris={CALLBACK}",
        "--client-id=other-key",
        "--scopes=user_id",
    )
    client.force_login(learner)
    asked = {**AUTHORIZE, "client_id": "other-key"}
    page = client.get("/oauth2/authorize", asked)
    assert "Sign on to other?" in page.content.decode()
    allowed = client.post("/oauth2/authorize", {**asked, "allow": "true"})
    assert code_of(allowed)


def test_openid_connect_is_gone(client: Client, learner: User) -> None:
    assert client.get("/oauth2/user_info").status_code == 404


def test_a_token_of_somebody_elses_key_is_refused(learner: User, settings: Settings) -> None:
    token = tokens.issue(learner, scopes=["profile"], grant_type="x", expires_in=60)
    other = jwk_set(JWK.generate(kty="RSA", size=2048))
    settings.JWT_AUTH = {**settings.JWT_AUTH, "JWT_PUBLIC_SIGNING_JWK_SET": other}
    with pytest.raises(jwt.InvalidToken):
        tokens.verify(token)


def test_without_public_keys_every_token_is_refused(learner: User, settings: Settings) -> None:
    token = tokens.issue(learner, scopes=["profile"], grant_type="x", expires_in=60)
    settings.JWT_AUTH = {**settings.JWT_AUTH, "JWT_PUBLIC_SIGNING_JWK_SET": ""}
    with pytest.raises(jwt.InvalidToken):
        tokens.verify(token)


@pytest.mark.parametrize("changes", [{"expires_in": -120}, {"audience": "x"}, {"issuer": "x"}])
def test_an_expired_or_foreign_token_is_refused(
    changes: dict[str, Any], learner: User, settings: Settings
) -> None:
    ours = settings.JWT_AUTH
    settings.JWT_AUTH = {
        **ours,
        "JWT_AUDIENCE": changes.get("audience", ours["JWT_AUDIENCE"]),
        "JWT_ISSUER": changes.get("issuer", ours["JWT_ISSUER"]),
    }
    expires_in = changes.get("expires_in", 60)
    token = tokens.issue(learner, scopes=["profile"], grant_type="x", expires_in=expires_in)
    settings.JWT_AUTH = ours
    with pytest.raises(jwt.InvalidToken):
        tokens.verify(token)


def test_a_token_with_another_algorithm_is_refused() -> None:
    secret = JWK.generate(kty="oct", size=256)
    claims = {"preferred_username": "lena"}
    forged = JWT(header={"alg": "HS256"}, claims=claims)
    forged.make_signed_token(secret)
    with pytest.raises(jwt.InvalidToken):
        tokens.verify(forged.serialize())
