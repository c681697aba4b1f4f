from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from rehearsal.common.heartbeat import health
from rehearsal.common.sign_on import sign_on_urls
from rehearsal.ecommerce.core.sites import configuration_of, provider_of


def home(request: HttpRequest) -> HttpResponse:
    """Redirect to the LMS, which shows what is for sale."""
    return HttpResponseRedirect(f"{configuration_of(request).lms_url_root}/")


def register(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"{configuration_of(request).lms_url_root}/register")


urlpatterns = [
    re_path(r"^health/?$", health, name="health"),
    *sign_on_urls(provider_of),
    path("", home, name="home"),
    path("register", register, name="register"),
    path("", include("rehearsal.ecommerce.checkout.urls")),
    path("", include("rehearsal.ecommerce.payments.urls")),
    path("coupons/", include("rehearsal.ecommerce.coupons.urls")),
    path("api/v2/", include("rehearsal.ecommerce.api.urls")),
    path("admin/login/", RedirectView.as_view(pattern_name="login", query_string=True)),
    path("admin/", admin.site.urls),
]
