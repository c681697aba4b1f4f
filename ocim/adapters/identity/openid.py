"""An OpenID Connect provider: the code flow with PKCE, state and nonce.

Nothing of the provider is kept, so that new keys of it are known at once: a sign-in asks it four
times.
"""

from secrets import token_urlsafe
from typing import Any
from urllib.parse import quote

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from ocim.adapters.deadlines import DeadlineTransport, trusting
from ocim.core.errors import PermanentError, TransientError
from ocim.core.secrets import Secret
from ocim.core.single_sign_on import Attempt, Identity

TIMEOUT = 10.0
"""Time limit for a request, in seconds."""
LEEWAY = 60
"""Difference of the provider's clock that is tolerated, in seconds."""
ALGORITHMS = [f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)]
"""Signatures by a key that only the provider has: neither `none` nor the client's secret."""
LONGEST = 250
"""Maximum number of characters of a reason that is shown."""


class OpenIdProvider:
    """A provider that describes itself below its issuer's URL."""

    def __init__(
        self, *, issuer: str, client: str, secret: Secret, scopes: tuple[str, ...], claim: str
    ) -> None:
        self.issuer = issuer
        self._client = client
        self._secret = secret
        self._scopes = scopes
        self._claim = claim

    def begin(self, return_to: str) -> Attempt:
        """Return a new attempt with random state, nonce and verifier."""
        state, nonce, verifier = token_urlsafe(32), token_urlsafe(32), token_urlsafe(64)
        url = prepare_grant_uri(
            self._address(self._description(), "authorization_endpoint"),
            client_id=self._client,
            response_type="code",
            redirect_uri=return_to,
            scope=" ".join(self._scopes),
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return Attempt(url, return_to, state, nonce, verifier)

    def finish(self, attempt: Attempt, code: str) -> Identity:
        """Return who the ID token names, with what the provider adds to it."""
        about = self._description()
        tokens = self._tokens(about, attempt, code)
        claims = self._claims(about, tokens, attempt.nonce)
        if not (subject := _text(claims["sub"])):
            raise PermanentError(f"The ID token of {self.issuer} names nobody.")
        if about.get("userinfo_endpoint"):
            claims = {**self._more(about, tokens, subject), **claims}
        values = claims.get(self._claim) or ()
        values = values if isinstance(values, list) else [values]
        verified = claims.get("email_verified") is True
        return Identity(
            issuer=self.issuer,
            subject=subject,
            name=_text(claims.get("preferred_username")),
            email=_text(claims.get("email")) if verified else "",
            values=frozenset(value for value in values if isinstance(value, str)),
        )

    def _description(self) -> dict[str, Any]:
        url = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        about = self._json(self._ask("GET", url))
        if about.get("issuer") != self.issuer:
            raise PermanentError(
                f"The provider calls itself {about.get('issuer')!r}, not {self.issuer!r}.",
                remedy="Set OCIM_OIDC_ISSUER to the name that the provider uses, to the letter.",
            )
        return about

    def _tokens(self, about: dict[str, Any], attempt: Attempt, code: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.return_to,
            "code_verifier": attempt.verifier,
        }
        client, secret = self._client, self._secret.reveal()
        url = self._address(about, "token_endpoint")
        methods = about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if "client_secret_basic" in methods:
            account = (quote(client, safe=""), quote(secret, safe=""))
            return self._json(self._ask("POST", url, data=form, auth=account))
        form |= {"client_id": client, "client_secret": secret}
        return self._json(self._ask("POST", url, data=form))

    def _claims(self, about: dict[str, Any], tokens: dict[str, Any], nonce: str) -> dict[str, Any]:
        """Return the claims of the ID token, once its signature and they are checked."""
        keys = self._json(self._ask("GET", self._address(about, "jwks_uri")))
        options = {"iss": {"values": [self.issuer]}, "aud": {"values": [self._client]}}
        meant = {
            "nonce": nonce,
            "client_id": self._client,
            "access_token": tokens.get("access_token"),
        }
        try:
            token = jwt.decode(
                tokens["id_token"],
                KeySet.import_key_set(keys),  # type: ignore[arg-type]
                registry=JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False),
            )
            claims = CodeIDToken(token.claims, token.header, options, meant)
            claims.validate(leeway=LEEWAY)
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise PermanentError(
                f"The ID token of {self.issuer} is not acceptable: {_reason(error)}.",
                remedy="Try again; if that does not help, compare the clocks and the client's"
                " settings at the provider with OCIM_OIDC_CLIENT.",
            ) from error
        return dict(claims)

    def _more(self, about: dict[str, Any], tokens: dict[str, Any], subject: str) -> dict[str, Any]:
        """Return the claims that are not in the ID token."""
        bearer = {"Authorization": f"Bearer {tokens.get('access_token')}"}
        url = self._address(about, "userinfo_endpoint")
        more = self._json(self._ask("GET", url, headers=bearer))
        if more.get("sub") != subject:
            raise PermanentError(f"{self.issuer} describes somebody else than who signed in.")
        return more

    def _address(self, about: dict[str, Any], name: str) -> str:
        if not isinstance(address := about.get(name), str):
            raise PermanentError(f"The description of {self.issuer} lacks {name}.")
        return address

    def _ask(self, method: str, url: str, **request: Any) -> httpx.Response:
        transport = DeadlineTransport(TIMEOUT, verify=trusting(""))
        try:
            with httpx.Client(transport=transport, trust_env=False) as client:
                answer = client.request(method, url, **request)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise TransientError(
                f"The sign-in provider {self.issuer} does not answer: {error}.",
                remedy="Try again later, or sign in with a password if your account has one.",
            ) from error
        if answer.is_success:
            return answer
        problem = f"{self.issuer} answered {answer.status_code}"
        if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise TransientError(f"{problem}.", remedy="Try again later.")
        raise PermanentError(
            f"{problem}: {_refusal(answer)}.",
            remedy="Begin again; if that does not help, compare OCIM_OIDC_CLIENT and"
            " OCIM_OIDC_SECRET with what the provider has.",
        )

    def _json(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            content = answer.json()
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise PermanentError(f"{self.issuer} answered with something other than a JSON object.")
        return content


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _reason(error: Exception) -> str:
    """Return what is wrong, without the token."""
    if isinstance(error, KeyError):
        return "it is missing"
    return str(error).strip().rstrip(".")[:LONGEST] or type(error).__name__


def _refusal(answer: httpx.Response) -> str:
    """Return the code of an error of OAuth, or what the status means."""
    try:
        return str(answer.json()["error"])[:LONGEST]
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase
