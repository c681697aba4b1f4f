"""Accounts. The shop reads them when a coupon is redeemed."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, JsonResponse

from rehearsal.edxapp.oauth_dispatch import tokens
from rehearsal.lms.api.requests import Refused, api, require_user


@api("GET")
def account(request: HttpRequest, username: str) -> JsonResponse:
    """Show an account: all of it to its owner and to staff, only the username to others."""
    asking = require_user(request)
    user = User.objects.select_related("profile").filter(username=username).first()
    if user is None:
        raise Refused(404, detail="Not found.")
    if user.pk != asking.pk and not asking.is_staff:
        return JsonResponse({"username": user.username})
    return JsonResponse(description(user))


def description(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "email": user.email,
        "name": tokens.user_claims(user)["name"] or "",
        "is_active": user.is_active,
        "date_joined": user.date_joined,
        "last_login": user.last_login,
    }
