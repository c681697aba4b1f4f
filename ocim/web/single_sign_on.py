"""Sign-in at the provider of single sign-on: the way there and the way back."""

from dataclasses import asdict
from hmac import compare_digest

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ocim.core.errors import OcimError, PermanentError, TransientError
from ocim.core.single_sign_on import Attempt
from ocim.operations.single_sign_on import account_for
from ocim.ports.identity import IdentityProvider
from ocim.web.sessions import MODEL_BACKEND, NEEDS_NO_CODE, WAIT, local_target, remember_browser
from ocim.wiring import context

ATTEMPT, NEXT = "single_sign_on", "single_sign_on_next"
"""Keys of the session that waits for the browser to come back."""
LONGEST = 12 * 3600
"""Seconds after which people sign in again, and get the roles that the provider gives then."""


@login_not_required
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider."""
    provider = _provider()
    if request.user.is_authenticated:
        return redirect("instances")
    try:
        attempt = provider.begin(request.build_absolute_uri(reverse("single-sign-on-return")))
    except OcimError as error:
        return _failed(request, error)
    request.session[ATTEMPT] = asdict(attempt)
    request.session[NEXT] = local_target(request, request.GET.get("next", ""))
    request.session.set_expiry(WAIT)
    return redirect(attempt.url)


@login_not_required
@require_safe
def finish(request: HttpRequest) -> HttpResponse:
    """Sign in who comes back from the provider, or say why not."""
    provider = _provider()
    attempt = request.session.pop(ATTEMPT, None)
    target = request.session.pop(NEXT, "")
    try:
        if not attempt or not compare_digest(
            attempt["state"].encode(), request.GET.get("state", "").encode()
        ):
            raise PermanentError(
                "This sign-in was not begun in this browser, or more than ten minutes ago.",
                remedy="Begin again.",
            )
        if not (code := request.GET.get("code")):
            reason = request.GET.get("error", "it sent no code")[:100]
            raise PermanentError(f"The provider signed nobody in: {reason}.", remedy="Begin again.")
        identity = provider.finish(Attempt(**attempt), code)
        user = account_for(identity=identity, rules=settings.OCIM.oidc_roles)
    except OcimError as error:
        return _failed(request, error)
    login(request, user, backend=MODEL_BACKEND)
    remember_browser(request)
    request.session[NEEDS_NO_CODE] = True
    request.session.set_expiry(LONGEST)
    return redirect(target or "instances")


def _provider() -> IdentityProvider:
    if provider := context().adapters.identity_provider:
        return provider
    raise Http404


def _failed(request: HttpRequest, error: OcimError) -> HttpResponse:
    status = 503 if isinstance(error, TransientError) else 403
    shown = {"problem": error.problem, "remedy": error.remedy}
    return render(request, "web/single_sign_on_failed.html", shown, status=status)
