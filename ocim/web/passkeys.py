"""Passkeys: added and removed on the account's page, and used to sign in."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from ocim.core.errors import OcimError
from ocim.operations import passkeys
from ocim.operations.passkeys import Site
from ocim.store.models import Passkey
from ocim.web.actions import show_error
from ocim.web.rights import own_account
from ocim.web.sessions import (
    MODEL_BACKEND,
    NEEDS_NO_CODE,
    WAIT,
    local_target,
    remember_browser,
    tell_of_failures,
)
from ocim.wiring import context

STATE = "passkey"
"""Key of a session that waits for the browser's answer."""


@own_account
@require_POST
def begin_registration(request: HttpRequest) -> HttpResponse:
    """Answer with the question for a new passkey."""
    try:
        options, state = passkeys.begin_registration(user=_user(request), site=_site(request))
    except OcimError as error:
        return JsonResponse({"error": str(error)}, status=409)
    request.session[STATE] = state
    return JsonResponse(options)


@own_account
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Store the new passkey."""
    try:
        passkey = passkeys.finish_registration(
            user=_user(request),
            site=_site(request),
            state=request.session.pop(STATE, {}),
            answer=request.POST.get("answer", ""),
            name=request.POST.get("name", "").strip(),
            context=context(),
        )
        messages.success(request, f"Added the passkey {passkey}.")
    except OcimError as error:
        show_error(request, error)
    return redirect("account")


@own_account
@require_POST
def remove(request: HttpRequest, passkey_id: int) -> HttpResponse:
    """Remove one of the person's own passkeys."""
    passkey = get_object_or_404(Passkey, user=_user(request), pk=passkey_id)
    passkeys.remove(user=_user(request), passkey=passkey)
    messages.success(request, f"Removed the passkey {passkey}.")
    return redirect("account")


@login_not_required
@require_POST
def begin_sign_in(request: HttpRequest) -> HttpResponse:
    """Answer with the question for a passkey of anybody."""
    options, request.session[STATE] = passkeys.begin_sign_in(site=_site(request))
    if not request.user.is_authenticated:
        request.session.set_expiry(WAIT)
    return JsonResponse(options)


@login_not_required
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in whose passkey answered."""
    try:
        user = passkeys.finish_sign_in(
            site=_site(request),
            state=request.session.pop(STATE, {}),
            answer=request.POST.get("answer", ""),
            context=context(),
        )
    except OcimError as error:
        show_error(request, error)
        return redirect("sign-in")
    tell_of_failures(request, user)
    login(request, user, backend=MODEL_BACKEND)
    remember_browser(request)
    request.session[NEEDS_NO_CODE] = True
    return redirect(local_target(request, request.POST.get("next", "")) or "instances")


def _site(request: HttpRequest) -> Site:
    origin = request.build_absolute_uri("/").rstrip("/")
    return Site(request.get_host().rpartition(":")[0] or request.get_host(), origin)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
