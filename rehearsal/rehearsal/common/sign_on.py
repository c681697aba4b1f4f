"""Sign-on through the LMS: OAuth 2 with a JWT, or (before juniper) OpenID Connect."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, re_path
from django.utils.crypto import get_random_string
from django.utils.http import url_has_allowed_host_and_scheme

from rehearsal.common import jwt
from rehearsal.common.oauth_client import LmsRefused, OAuthClient
from rehearsal.common.users import user_of

OAUTH2 = "edx-oauth2"
OPENID_CONNECT = "edx-oidc"
ISSUER = "SOCIAL_AUTH_EDX_OIDC_ISSUER"
"""Setting with the issuer of ID tokens. That of the site, which ends with an S, is not read."""
SCOPES = {OAUTH2: "user_id profile email", OPENID_CONNECT: "openid profile email permissions"}
SESSION = "sign_on"


@dataclass(frozen=True)
class Provider:
    """The LMS as the provider of sign-on; browsers reach it at `public_url`.

    With `https`, browsers reach this service by https, whatever the scheme of the request.
    `issuer` is the one that ID tokens must name; with OAuth 2 there are none.
    """

    backend: str
    client: OAuthClient
    public_url: str
    logout_url: str
    https: bool
    issuer: str = ""


def sign_on_urls(provider_of: Callable[[HttpRequest], Provider]) -> list[URLPattern]:
    """Return the URLs `/login`, `/login/<backend>/`, `/complete/<backend>/` and `/logout/`.

    `provider_of` returns the provider of sign-on for a request's site.
    """

    def start(request: HttpRequest) -> HttpResponse:
        query = urlencode({"next": request.GET.get("next", "/")})
        return redirect(f"/login/{provider_of(request).backend}/?{query}")

    def begin(request: HttpRequest, backend: str) -> HttpResponse:
        provider = provider_of(request)
        if backend != provider.backend:
            return failed(request, 404, f"This release signs on by {provider.backend}.")
        state = {"state": get_random_string(32), "nonce": get_random_string(32)}
        request.session[SESSION] = {**state, "next": request.GET.get("next", "/")}
        parameters = {
            "client_id": provider.client.client_id,
            "redirect_uri": callback(request, provider, state["state"]),
            "state": state["state"],
            "response_type": "code",
            "scope": SCOPES[backend],
            **({"nonce": state["nonce"]} if backend == OPENID_CONNECT else {}),
        }
        # Not `redirect`, which would take an unusual URL for the name of a view.
        return HttpResponseRedirect(f"{provider.public_url}/authorize?{urlencode(parameters)}")

    def complete(request: HttpRequest, backend: str) -> HttpResponse:
        begun = request.session.pop(SESSION, None)
        if not begun or not hmac.compare_digest(begun["state"], request.GET.get("state", "")):
            return failed(request, 400, "This sign-on did not start here. Please sign in again.")
        if "code" not in request.GET:
            return failed(request, 403, f"The LMS says: {request.GET.get('error')}")
        provider = provider_of(request)
        try:
            answer = provider.client.grant(
                grant_type="authorization_code",
                code=request.GET["code"],
                redirect_uri=callback(request, provider, begun["state"]),
                **({"token_type": "jwt"} if backend == OAUTH2 else {}),
            )
            claims = claims_of(answer, provider, nonce=begun["nonce"])
        except (LmsRefused, jwt.InvalidToken) as error:
            return failed(request, 502, f"The LMS did not sign you on. {error}")
        login(request, user_of(claims), backend=settings.AUTHENTICATION_BACKENDS[0])
        return redirect(begun["next"] if is_local(request, begun["next"]) else "/")

    def leave(request: HttpRequest) -> HttpResponse:
        provider = provider_of(request)
        logout(request)
        return HttpResponseRedirect(provider.logout_url)

    return [
        re_path(r"^login/?$", start, name="login"),
        path("login/<slug:backend>/", begin),
        path("complete/<slug:backend>/", complete),
        re_path(r"^logout/?$", leave, name="logout"),
    ]


def callback(request: HttpRequest, provider: Provider, state: str) -> str:
    """Return the URL to which the LMS sends the browser back. With OAuth 2 it repeats the state."""
    uri = request.build_absolute_uri(f"/complete/{provider.backend}/")
    if provider.https:
        uri = uri.replace("http://", "https://", 1)
    if provider.backend == OPENID_CONNECT:
        return uri
    return f"{uri}?{urlencode({'redirect_state': state})}"


def claims_of(answer: Mapping[str, Any], provider: Provider, *, nonce: str) -> dict[str, Any]:
    """Return the user's claims. Raise jwt.InvalidToken, or KeyError if they name nobody."""
    if provider.backend == OAUTH2:
        issuers = jwt.issuers_of(settings.JWT_AUTH)
        keys = settings.JWT_AUTH.get("JWT_PUBLIC_SIGNING_JWK_SET") or ""
        claims = jwt.verify(answer["access_token"], issuers=issuers, jwk_set=keys)
        return {**claims, "user_id": claims["user_id"], "name": claims["name"]}
    # ID tokens are for the client, and signed with its secret.
    client = provider.client
    issuer = jwt.Issuer(provider.issuer, client.client_id, client.client_secret)
    claims = jwt.verify(answer["id_token"], issuers=[issuer], jwk_set="")
    if not hmac.compare_digest(str(claims.get("nonce")), nonce):
        raise jwt.InvalidToken("the nonce does not match")
    return claims


def is_local(request: HttpRequest, url: str) -> bool:
    return url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()})


def failed(request: HttpRequest, status: int, reason: str) -> HttpResponse:
    return render(request, "sign_on_failed.html", {"reason": reason}, status=status)
