"""The beginning of sessions, in whatever way people sign in."""

from axes.helpers import get_cool_off
from axes.models import AccessFailureLog
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme

from ocim.core.texts import plural
from ocim.store.models.session import ADDRESS, BROWSER

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
"""Backend of every session, however it was begun."""
LONGEST_BROWSER = 300
"""Maximum number of characters stored of a browser's name."""
PENDING = "second_step"
"""Key of a session that waits for the second step of a sign-in."""
WAIT = 600
"""Seconds for which it waits."""
NEEDS_NO_CODE = "needs_no_code"
"""Key of a session that was begun with a passkey, or at a provider, which asks for codes itself."""


def remember_browser(request: HttpRequest) -> None:
    """Store in a new session where it was begun, and delete expired sessions.

    It lasts as long as the settings say, whatever it was before the sign-in.
    """
    session = request.session
    session.set_expiry(None)
    session[ADDRESS] = request.META.get("REMOTE_ADDR", "")
    session[BROWSER] = request.headers.get("User-Agent", "")[:LONGEST_BROWSER]
    session.clear_expired()


def local_target(request: HttpRequest, address: str) -> str:
    """Return the address if it is a page of this site, else an empty text."""
    is_local = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_local else ""


def locked_out(request: HttpRequest, *_: object) -> HttpResponse:
    """Return the page shown after too many failed attempts; django-axes calls this."""
    wait = get_cool_off(request)
    assert wait is not None  # noqa: S101 - the settings have one
    seconds = round(wait.total_seconds())
    answer = render(request, "web/locked_out.html", {"minutes": seconds // 60}, status=429)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def tell_of_failures(request: HttpRequest, user: User) -> None:
    """Show the number of failed attempts since the last sign-in."""
    failures = AccessFailureLog.objects.filter(
        username=user.get_username(), attempt_time__gt=user.last_login or user.date_joined
    )
    if count := failures.count():
        attempts = plural(count, "attempt")
        latest = failures.latest("attempt_time")
        messages.warning(
            request,
            format_html(
                "{} to sign in with your name failed since your last sign-in, the latest on {} UTC"
                ' from {}. If that was not you, <a href="{}">change your password</a>.',
                attempts,
                f"{latest.attempt_time:%d %B at %H:%M}",
                latest.ip_address,
                reverse("password"),
            ),
        )
