"""Signing in, and changing one's password."""

from typing import Any, cast

from axes.helpers import get_cool_off
from axes.models import AccessFailureLog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import LoginView, PasswordChangeView, PasswordResetConfirmView
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme, urlsafe_base64_encode
from django.views.decorators.http import require_http_methods

from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict, OcimError
from ocim.core.texts import plural
from ocim.operations import audit, password_requests
from ocim.operations.sessions import end_all
from ocim.store.models.session import ADDRESS, BROWSER
from ocim.tasks import enqueue
from ocim.wiring import context

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
"""Backend of every session, however it was begun."""
LONGEST_ADDRESS = 254
"""Maximum number of characters of a mail address."""
LONGEST_BROWSER = 300
"""Maximum number of characters stored of a browser's name."""


class SignIn(LoginView):
    """Sign-in with name and password; django-axes counts failures and locks out."""

    template_name = "web/sign_in.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign the person in, and show the number of failed attempts since the last sign-in."""
        user = form.get_user()
        _tell_of_failures(self.request, user)  # before the sign-in sets `last_login`
        answer = super().form_valid(form)
        remember_browser(self.request)
        return answer

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        """Return what the page shows; the provider of single sign-on has a button."""
        shown = {"single_sign_on": settings.OCIM.oidc_issuer, "mails": settings.OCIM.smtp_url}
        return super().get_context_data(**shown, **more)


class ChangePassword(PasswordChangeView):
    """Change of one's own password; all other sessions of the account end."""

    template_name = "web/password.html"
    success_url = reverse_lazy("account")

    def form_valid(self, form: object) -> HttpResponse:
        """Save the password."""
        messages.success(
            self.request, "Your password is changed. You are signed out everywhere else."
        )
        user = cast(User, self.request.user)
        with transaction.atomic():
            answer = super().form_valid(form)  # type: ignore[arg-type]
            audit.record(AuditAction.USER_CHANGE_PASSWORD, user)
        end_all(user=user, but=self.request.session.session_key)
        return answer


class SetPassword(PasswordResetConfirmView):
    """A new password for whoever has the link that an administrator passed on, or a mail."""

    template_name = "web/set_password.html"
    success_url = reverse_lazy("sign-in")

    def form_valid(self, form: "SetPasswordForm[User]") -> HttpResponse:
        """Save the password, and end all sessions."""
        end_all(user=form.user)
        messages.success(self.request, "Your password is set. You can sign in with it.")
        with transaction.atomic():
            audit.record(AuditAction.USER_CHANGE_PASSWORD, form.user)
            return super().form_valid(form)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def forgot_password(request: HttpRequest) -> HttpResponse:
    """Ask for a mail address, and send a link to it; say the same whether it is known."""
    if not settings.OCIM.smtp_url:
        raise Http404
    address = request.POST.get("email", "")[:LONGEST_ADDRESS]
    if request.method != "POST" or "@" not in address or "\0" in address:
        return render(request, "web/forgot_password.html")
    host = request.META.get("REMOTE_ADDR", "")
    try:
        enqueue(password_requests.request(address=address, host=host, context=context()))
    except OcimError as error:
        status = 429 if isinstance(error, Conflict) else 503
        return render(request, "web/forgot_password.html", {"error": error}, status=status)
    return render(request, "web/forgot_password.html", {"asked": True})


def remember_browser(request: HttpRequest) -> None:
    """Store in a new session where it was begun, and delete expired sessions."""
    session = request.session
    session[ADDRESS] = request.META.get("REMOTE_ADDR", "")
    session[BROWSER] = request.headers.get("User-Agent", "")[:LONGEST_BROWSER]
    session.clear_expired()


def local_target(request: HttpRequest, address: str) -> str:
    """Return the address if it is a page of this site, else an empty text."""
    is_local = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_local else ""


def password_link(request: HttpRequest, user: User) -> str:
    """Return the address at which the person can set a password, once, within three days."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    link = reverse("set-password", args=[uid, default_token_generator.make_token(user)])
    return request.build_absolute_uri(link)


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
