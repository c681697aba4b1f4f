"""The page of one's own account: its roles, its API tokens and its sessions."""

import re
from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from ocim.core.access import Role
from ocim.core.errors import OcimError
from ocim.core.texts import plural
from ocim.operations import second_factor, sessions, tokens
from ocim.store.models import ApiToken
from ocim.web.actions import show_error
from ocim.web.rights import access, chosen_role, own_account
from ocim.wiring import context

BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
"""Words of User-Agent headers, those first that name a browser more precisely."""
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")
NAMES = {"Edg": "Edge", "OPR": "Opera", "Mac OS X": "macOS"}


@own_account
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Show the account."""
    return _account(request)


def _account(request: HttpRequest, *, status: int = 200) -> HttpResponse:
    """Return the page, with what was typed in the form of a token."""
    user = _user(request)
    rows = [
        {
            "session": session,
            "browser": browser_name(session.browser),
            "is_this": session.session_key == request.session.session_key,
        }
        for session in sessions.sessions_of(user, context().now())
    ]
    shown = {
        "second_factor": second_factor.is_on(user),
        "passkeys": user.passkeys.order_by("name", "pk"),
        "roles": sorted(map(str, access(request).grants)),
        "tokens": user.api_tokens.order_by("name"),
        "now": context().now(),
        "choices": list(Role),
        "typed": {"days": tokens.DAYS, **request.POST.dict()},
        "most_days": tokens.MOST_DAYS,
        "sessions": rows,
    }
    return render(request, "web/account.html", shown, status=status)


@require_POST
def create_token(request: HttpRequest) -> HttpResponse:
    """Create a token, and show its text, which no other page shows."""
    days = request.POST.get("days", "")
    try:
        token, text = tokens.create(
            owner=_user(request),
            name=request.POST.get("name", "").strip(),
            role=chosen_role(request),
            organization=request.POST.get("organization", "").strip(),
            days=int(days) if re.fullmatch("[0-9]{1,4}", days) else 0,
            context=context(),
        )
    except OcimError as error:
        show_error(request, error)
        return _account(request, status=422)
    return render(request, "web/new_token.html", {"token": token, "text": text.reveal()})


@own_account
@require_POST
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """Revoke one of the person's own tokens."""
    token = get_object_or_404(ApiToken, owner=_user(request), pk=token_id)
    tokens.revoke(owner=_user(request), name=token.name)
    messages.success(request, f"Revoked the token {token}.")
    return redirect("account")


@own_account
@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End one of the person's sessions, or all but this one."""
    user, public_id = _user(request), request.POST.get("session", "")
    try:
        if public_id:
            sessions.end(user=user, public_id=public_id)
            count = 1
        else:
            count = sessions.end_all(user=user, but=request.session.session_key)
        messages.success(request, f"Ended {plural(count, 'session')}.")
    except OcimError as error:
        show_error(request, error)
    return redirect("account")


def browser_name(header: str) -> str:
    """Return the browser and the system that a User-Agent header names."""
    names = [
        next((NAMES.get(word, word) for word in words if word in header), "")
        for words in (BROWSERS, SYSTEMS)
    ]
    return " on ".join(filter(None, names)) or header or "unknown"


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
