"""URLs of the API and of the pages."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("ocim.api.urls")),
    path("", include("ocim.web.urls")),
]
handler500 = "ocim.web.errors.failed"
