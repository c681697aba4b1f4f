"""Sign in, sign out, register: the same in the LMS and in studio."""

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods

from rehearsal.edxapp.student.forms import RegistrationForm, SignInForm

sign_in = LoginView.as_view(
    template_name="student/sign_in.html",
    authentication_form=SignInForm,
    redirect_authenticated_user=True,
)


@require_http_methods(["GET", "POST"])
@ensure_csrf_cookie
def sign_in_session(request: HttpRequest) -> HttpResponse:
    """Sign in as the platform's own page does: GET for the cookie, POST `email`, `password`."""
    if request.method == "GET":
        return JsonResponse({"method": "post", "submit_url": request.path})
    user = authenticate(
        request, username=request.POST.get("email"), password=request.POST.get("password")
    )
    if user is None:
        message = "Email or password is incorrect."
        return JsonResponse({"success": False, "value": message}, status=403)
    login(request, user)
    return JsonResponse({"success": True})


def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out on GET, as the platform does: its services redirect the browser to this page."""
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
