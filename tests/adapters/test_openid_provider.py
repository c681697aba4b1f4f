"""Answers of an OpenID Connect provider that must not let anybody in."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import OctKey

from ocim.core.errors import PermanentError
from ocim.core.single_sign_on import Identity
from tests.openid_server import CLIENT, SECRET, OpenIdServer, openid_server, rsa_key

RETURN = "https://ocim.example.com/sign-in/single/return/"


@pytest.fixture
def server() -> Iterator[OpenIdServer]:
    with openid_server() as server:
        yield server


def finish(server: OpenIdServer) -> Identity:
    """Return what a whole sign-in tells."""
    provider = server.provider()
    attempt = provider.begin(RETURN)
    server.nonce = server.nonce or attempt.nonce
    return provider.finish(attempt, "code")


def test_an_attempt_asks_for_a_code_with_pkce_state_and_nonce(server: OpenIdServer) -> None:
    provider = server.provider()
    first, second = provider.begin(RETURN), provider.begin(RETURN)
    query = {name: value[0] for name, value in parse_qs(urlsplit(first.url).query).items()}
    assert query["response_type"] == "code"
    assert query["redirect_uri"] == RETURN
    assert query["scope"] == "openid profile email"
    assert query["code_challenge_method"] == "S256"
    assert (query["state"], query["nonce"]) == (first.state, first.nonce)
    assert first.verifier not in first.url
    assert not {first.state, first.nonce, first.verifier} & {
        second.state,
        second.nonce,
        second.verifier,
    }


@pytest.mark.parametrize(
    "claims, reason",
    [
        ({"aud": "another client"}, "aud"),
        ({"aud": [CLIENT, "another client"], "azp": "another client"}, "azp"),
        ({"iss": "https://id.evil.example"}, "iss"),
        ({"exp": int(time.time()) - 3600}, "expired"),
        ({"exp": None}, "exp"),
        ({"nonce": "of another attempt"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "names nobody"),
        ({"at_hash": "of another access token"}, "at_hash"),
    ],
)
def test_an_id_token_that_is_not_meant_for_this_attempt_is_rejected(
    server: OpenIdServer, claims: dict[str, Any], reason: str
) -> None:
    server.claims = claims
    with pytest.raises(PermanentError, match=reason):
        finish(server)


def test_an_id_token_that_somebody_else_signed_is_rejected(server: OpenIdServer) -> None:
    server.signing_key = rsa_key(1)
    with pytest.raises(PermanentError, match="is not acceptable: bad_signature"):
        finish(server)


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_an_id_token_that_needs_no_key_of_the_provider_is_rejected(
    server: OpenIdServer, algorithm: str
) -> None:
    server.algorithm, server.signing_key = algorithm, OctKey.import_key(SECRET)
    with pytest.raises(PermanentError, match="is not acceptable"):
        finish(server)


def test_an_answer_without_id_token_is_rejected(
    server: OpenIdServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_tokens", lambda: {"access_token": "access"})
    with pytest.raises(PermanentError, match="is not acceptable: it is missing"):
        finish(server)


def test_a_key_that_was_changed_meanwhile_is_known_at_once(server: OpenIdServer) -> None:
    provider = server.provider()
    attempt = provider.begin(RETURN)
    server.key, server.nonce = rsa_key(1), attempt.nonce
    assert provider.finish(attempt, "code").subject == "1234"


def test_claims_about_somebody_else_are_rejected(server: OpenIdServer) -> None:
    server.more = {"sub": "5678", "groups": ["admins"]}
    with pytest.raises(PermanentError, match="describes somebody else"):
        finish(server)


def test_what_is_signed_wins_over_what_is_told_later(server: OpenIdServer) -> None:
    server.claims, server.more = {"groups": ["viewers"]}, {"groups": ["admins"]}
    assert finish(server).values == {"viewers"}


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_a_mail_address_that_is_not_verified_is_ignored(
    server: OpenIdServer, verified: object
) -> None:
    server.more = {"email": "root@example.com", "email_verified": verified}
    assert finish(server).email == ""


@pytest.mark.parametrize(
    "values, known",
    [("staff", {"staff"}), (["a", 7, {"b": "c"}], {"a"}), ({"a": "b"}, set()), (None, set())],
)
def test_values_of_the_claim_may_have_any_form(
    server: OpenIdServer, values: object, known: set[str]
) -> None:
    server.claims = {"groups": values}
    assert finish(server).values == known


def test_a_provider_with_another_name_is_rejected(server: OpenIdServer) -> None:
    server.about = {"issuer": "https://id.evil.example"}
    with pytest.raises(PermanentError, match=r"calls itself 'https://id\.evil\.example'"):
        server.provider().begin(RETURN)


def test_the_code_is_sent_with_the_secret_of_the_attempt(server: OpenIdServer) -> None:
    server.about = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    provider = server.provider()
    attempt = provider.begin(RETURN)
    server.nonce = attempt.nonce
    provider.finish(attempt, "code")
    [form] = server.forms
    assert form["code_verifier"] == attempt.verifier
    assert form["redirect_uri"] == RETURN
    assert form["client_secret"] == SECRET


def test_an_error_never_has_the_secret(server: OpenIdServer) -> None:
    server.codes = set()
    with pytest.raises(PermanentError) as error:
        finish(server)
    assert SECRET not in str(error.value)
