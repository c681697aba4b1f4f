"""Authentication of API callers by JWT: `Authorization: JWT …`."""

from typing import Any

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from rehearsal.common import jwt
from rehearsal.common.users import user_of


class JwtAuthentication(BaseAuthentication):
    """Authentication as a JWT's user. Its claim `administrator` grants or revokes staff rights."""

    def authenticate(self, request: Request) -> tuple[Any, dict[str, Any]] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.upper() != "JWT":
            return None
        try:
            claims = jwt.verify(
                token.strip(),
                issuers=jwt.issuers_of(settings.JWT_AUTH),
                jwk_set=settings.JWT_AUTH.get("JWT_PUBLIC_SIGNING_JWK_SET") or "",
            )
            user = user_of(claims, staff=claims.get("administrator"))
        except (jwt.InvalidToken, KeyError) as error:
            raise AuthenticationFailed(f"Invalid token: {error}") from error
        if not user.is_active:
            raise AuthenticationFailed("The token's user is not active.")
        return user, claims

    def authenticate_header(self, request: Request) -> str:
        return 'JWT realm="api"'
