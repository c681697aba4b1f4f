"""Signing in, and changing one's password."""

from axes.helpers import get_cool_off
from axes.models import AccessFailureLog
from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.html import format_html

from ocim.core.texts import plural


class SignIn(LoginView):
    """Sign-in with name and password; django-axes counts failures and locks out."""

    template_name = "web/sign_in.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign the person in, and show the number of failed attempts since the last sign-in."""
        user = form.get_user()
        _tell_of_failures(self.request, user)  # before the sign-in sets `last_login`
        return super().form_valid(form)


class ChangePassword(PasswordChangeView):
    """Change of one's own password; all other sessions of the account end."""

    template_name = "web/password.html"
    success_url = reverse_lazy("instances")

    def form_valid(self, form: object) -> HttpResponse:
        """Save the password."""
        messages.success(
            self.request, "Your password is changed. You are signed out everywhere else."
        )
        return super().form_valid(form)  # type: ignore[arg-type]


def locked_out(request: HttpRequest, *_: object) -> HttpResponse:
    """Return the page shown after too many failed attempts; django-axes calls this."""
    wait = get_cool_off(request)
    assert wait is not None  # noqa: S101 - the settings have one
    seconds = round(wait.total_seconds())
    answer = render(request, "web/locked_out.html", {"minutes": seconds // 60}, status=429)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def _tell_of_failures(request: HttpRequest, user: User) -> None:
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
