"""The API's description: as OpenAPI, and as a page; and the answer to unknown addresses."""

from typing import Any

from django.http import Http404, HttpResponse
from django.views.generic import TemplateView
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.settings import api_settings

from ocim.api.views import ApiView


class Page(TemplateView):
    """The page on which people read and try the API."""

    template_name = "api/page.html"

    def render_to_response(self, context: Any, **response: Any) -> HttpResponse:
        """Return the page; its styles are partly in scripts, its pictures in styles."""
        policy = "; ".join(
            (
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self' 'unsafe-inline'",
                "img-src 'self' data:",
                "connect-src 'self'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
            )
        )
        headers = {"Content-Security-Policy": policy}
        return super().render_to_response(context, headers=headers, **response)


class Schema(SpectacularAPIView):
    """The description as OpenAPI, in YAML or JSON."""

    renderer_classes = [OpenApiJsonRenderer, OpenApiYamlRenderer]  # noqa: RUF012
    permission_classes = [IsAuthenticated]  # noqa: RUF012
    authentication_classes = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    serve_public = True


class Unknown(ApiView):
    """An address that the API does not have."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raise Http404, once it is known who asks."""
        super().initial(request, *args, **kwargs)
        raise Http404(f"The API has no address {request.path}.")
