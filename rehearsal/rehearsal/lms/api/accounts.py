"""Accounts, and their pictures. The shop reads accounts when a coupon is redeemed."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse

from rehearsal.edxapp.oauth_dispatch import tokens
from rehearsal.lms import pictures
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
    return JsonResponse(description(user, request))


@api("POST", "DELETE")
def image(request: HttpRequest, username: str) -> HttpResponse:
    """Store or remove one's own picture; staff may remove everybody's."""
    asking = require_user(request)
    removes = request.method == "DELETE"
    if asking.username != username and not (removes and asking.is_staff):
        raise Refused(403 if asking.is_staff else 404, detail="Not found.")
    user = User.objects.filter(username=username).first()
    if user is None:
        raise Refused(404, detail="Not found.")
    action = "Delete" if removes else "Upload"
    try:
        if removes:
            pictures.remove(user)
        else:
            _store(user, request)
    except Refused:
        raise
    except Exception as error:
        message = f"{action} failed for profile image"
        raise Refused(400, developer_message=f"{message}: {error}", user_message=message) from error
    return HttpResponse(status=204)


def _store(user: User, request: HttpRequest) -> None:
    picture = request.FILES.get("file")
    fault = pictures.fault_of(picture) if picture else "No file provided for profile image"
    if fault or picture is None:
        raise Refused(400, developer_message=fault, user_message=fault)
    pictures.store(user, picture)


def description(user: User, request: HttpRequest) -> dict[str, Any]:
    urls = pictures.urls(user)
    return {
        "username": user.username,
        "email": user.email,
        "name": tokens.user_claims(user)["name"] or "",
        "is_active": user.is_active,
        "date_joined": user.date_joined,
        "last_login": user.last_login,
        "profile_image": {
            "has_image": bool(urls),
            **{f"image_url_{size}": request.build_absolute_uri(url) for size, url in urls.items()},
        },
    }
