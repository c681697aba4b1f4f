"""Sign in, sign out, register: the same in the LMS and in studio."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from rehearsal.edxapp.student.forms import RegistrationForm, SignInForm

sign_in = LoginView.as_view(
    template_name="student/sign_in.html",
    authentication_form=SignInForm,
    redirect_authenticated_user=True,
)


def sign_out(request: HttpRequest) -> HttpResponse:
    """By GET, as the platform does: the services send the browser here when somebody leaves."""
    logout(request)
    return redirect("home")


def register(request: HttpRequest) -> HttpResponse:
    form = RegistrationForm(request.POST or None)
    following = request.GET.get("next", "")
    if request.method == "POST" and form.is_valid():
        login(request, form.save(), backend=settings.AUTHENTICATION_BACKENDS[0])
        if url_has_allowed_host_and_scheme(
            following, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return redirect(following)
        return redirect(resolve_url(settings.LOGIN_REDIRECT_URL))
    return render(request, "student/register.html", {"form": form, "next": following})
