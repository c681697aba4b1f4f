"""URLs of the pages."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [path("", include("ocim.web.urls"))]
handler500 = "ocim.web.errors.failed"
