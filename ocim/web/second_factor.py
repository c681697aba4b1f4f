"""The second factor: its set-up on the account's page, and the second step of a sign-in."""

import time
from typing import cast

import segno
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, user_login_failed
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ocim.core.errors import OcimError
from ocim.core.secrets import Secret
from ocim.operations import second_factor
from ocim.web.actions import show_error
from ocim.web.rights import own_account
from ocim.web.sessions import (
    MODEL_BACKEND,
    PENDING,
    WAIT,
    locked_out,
    remember_browser,
    tell_of_failures,
)
from ocim.wiring import context


@own_account
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show the second factor: how to set it up, or how to remove it."""
    user = cast(User, request.user)
    shown: dict[str, object] = {"is_on": second_factor.is_on(user)}
    if address := second_factor.address(user):
        code = segno.make(address.reveal(), error="m")
        picture = code.svg_inline(scale=4, light="#fff", title="QR code for the app")
        shown["picture"] = mark_safe(picture)  # noqa: S308 - segno made it of an escaped address
        shown["secret"] = address.reveal().partition("secret=")[2].partition("&")[0]
    shown["is_required"] = settings.OCIM.require_second_factor
    shown["codes"] = user.recovery_codes.count()
    return render(request, "web/second_factor.html", shown)


@own_account
@require_POST
def act(request: HttpRequest, kind: str) -> HttpResponse:
    """Begin, confirm or remove it, or renew its recovery codes, which are shown once."""
    user, code = cast(User, request.user), request.POST.get("code", "")
    try:
        if kind == "begin":
            second_factor.begin(user=user)
        elif kind == "confirm":
            key = request.session.session_key
            codes = second_factor.confirm(user=user, code=code, but=key, context=context())
            return _show_codes(request, codes, is_new=True)
        elif not _is_right(request, user, code):
            messages.error(request, "The code is wrong.")
        elif kind == "renew":
            return _show_codes(request, second_factor.renew_codes(user=user), is_new=False)
        else:
            second_factor.remove(user=user)
            messages.success(request, "Your account has no second factor any more.")
            return redirect("account")
    except OcimError as error:
        show_error(request, error)
    return redirect("second-factor")


def _show_codes(request: HttpRequest, codes: list[Secret], *, is_new: bool) -> HttpResponse:
    shown = {"codes": [code.reveal() for code in codes], "is_new": is_new}
    return render(request, "web/recovery_codes.html", shown)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for a code, after the password was right."""
    pending = request.session.get(PENDING, {})
    user = User.objects.filter(pk=pending.get("user"), is_active=True).first()
    is_fresh = time.time() - pending.get("at", 0) < WAIT
    if not user or not is_fresh or pending["hash"] != user.get_session_auth_hash():
        return redirect("sign-in")
    if request.method != "POST":
        return render(request, "web/second_step.html")
    if not AxesProxyHandler.is_allowed(request, {"username": user.username}):
        return locked_out(request)
    if not _is_right(request, user, request.POST.get("code", "")):
        return render(request, "web/second_step.html", {"is_wrong": True})
    tell_of_failures(request, user)
    del request.session[PENDING]
    login(request, user, backend=MODEL_BACKEND)
    remember_browser(request)
    return redirect(pending["next"])


def _is_right(request: HttpRequest, user: User, code: str) -> bool:
    """Return True if the code is right; django-axes counts wrong ones as it does passwords."""
    credentials = {"username": user.username}
    if not AxesProxyHandler.is_allowed(request, credentials):
        return False
    if second_factor.check(user=user, code=code, context=context()):
        return True
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)
    return False
