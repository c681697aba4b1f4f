from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import include, path, re_path, reverse

from rehearsal.common.heartbeat import health
from rehearsal.common.sign_on import sign_on_urls
from rehearsal.discovery import pages
from rehearsal.discovery.core.partners import lms_root, partner, sign_on_provider


def register(_request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"{lms_root(partner())}/register")


def admin_login(request: HttpRequest) -> HttpResponse:
    """Redirect to sign-on by the LMS. Refuse users who signed on: they are not staff."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect(f"{reverse('login')}?{request.GET.urlencode()}")


urlpatterns = [
    re_path(r"^health/?$", health, name="health"),
    *sign_on_urls(sign_on_provider),
    path("", pages.catalogue, name="home"),
    path("register", register, name="register"),
    path("api/v1/", include("rehearsal.discovery.api.urls")),
    path("admin/login/", admin_login),
    path("admin/", admin.site.urls),
]
