"""Signing in, and changing one's password."""

import time
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, PasswordChangeView, PasswordResetConfirmView
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.views.decorators.http import require_http_methods

from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict, OcimError
from ocim.operations import audit, password_requests, second_factor
from ocim.operations.sessions import end_all
from ocim.tasks import enqueue
from ocim.web.sessions import PENDING, WAIT, remember_browser, tell_of_failures
from ocim.wiring import context

LONGEST_ADDRESS = 254
"""Maximum number of characters of a mail address."""


class SignIn(LoginView):
    """Sign-in with name and password; django-axes counts failures and locks out."""

    template_name = "web/sign_in.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign the person in, and show the number of failed attempts since the last sign-in."""
        user = form.get_user()
        if second_factor.is_on(user):
            return self._ask_for_code(user)
        tell_of_failures(self.request, user)  # before the sign-in sets `last_login`
        answer = super().form_valid(form)
        remember_browser(self.request)
        return answer

    def _ask_for_code(self, user: User) -> HttpResponse:
        session = self.request.session
        session.flush()
        session[PENDING] = {
            "user": user.pk,
            "hash": user.get_session_auth_hash(),
            "at": time.time(),
            "next": self.get_success_url(),
        }
        session.set_expiry(WAIT)
        return redirect("second-step")

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


def password_link(request: HttpRequest, user: User) -> str:
    """Return the address at which the person can set a password, once, within three days.

    It ends when their roles change.
    """
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    link = reverse("set-password", args=[uid, password_requests.link_tokens.make_token(user)])
    return request.build_absolute_uri(link)
