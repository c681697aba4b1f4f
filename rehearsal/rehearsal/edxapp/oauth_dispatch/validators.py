from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings
from oauth2_provider.oauth2_validators import OAuth2Validator

from rehearsal.edxapp.oauth_dispatch import tokens


class Validator(OAuth2Validator):  # type: ignore[misc]
    # Ironwood's OpenID Connect has a scope of its own for staff rights.
    oidc_claim_scope: ClassVar[dict[str, str]] = {
        **OAuth2Validator.oidc_claim_scope,
        "administrator": "permissions",
    }

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        claims = tokens.user_claims(request.user)
        return {name: claims[name] for name in claims if name in self.oidc_claim_scope}

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Any, *_args: Any, **_kwargs: Any
    ) -> bool:
        """Allow the registered URI with the `redirect_state` that services append to it."""
        allowed: bool = request.client.redirect_uri_allowed(without_redirect_state(redirect_uri))
        return allowed

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Allow client credentials before juniper, when a service has only one client."""
        if settings.RELEASE.openid_connect and grant_type == "client_credentials":
            return True
        allowed: bool = super().validate_grant_type(
            client_id, grant_type, client, request, *args, **kwargs
        )
        return allowed


def without_redirect_state(uri: str) -> str:
    """Return the URI without the parameter `redirect_state`."""
    parts = urlsplit(uri)
    query = [pair for pair in parse_qsl(parts.query) if pair[0] != "redirect_state"]
    return urlunsplit(parts._replace(query=urlencode(query)))
