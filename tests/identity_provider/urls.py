"""The addresses and the claims of `tests.identity_provider`; only its process loads this."""

import json
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider import urls
from oauth2_provider.oauth2_validators import OAuth2Validator

from tests.identity_provider import PASSWORD


class Claims(OAuth2Validator):  # type: ignore[misc]  # it has no stubs
    """The toolkit's validator, with the claims that a test gave somebody."""

    oidc_claim_scope = None

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        """Return the claims, which are kept in a field that a provider needs for nothing."""
        claims: dict[str, Any] = json.loads(request.user.last_name)
        return {"preferred_username": request.user.username, **claims}


@csrf_exempt
def people(request: HttpRequest) -> HttpResponse:
    """Make or change somebody."""
    wanted = json.loads(request.body)
    user, _ = User.objects.get_or_create(username=wanted["name"])
    user.last_name = json.dumps(wanted["claims"])
    user.set_password(PASSWORD)
    user.save()
    return HttpResponse()


urlpatterns = [
    path("o/", include(urls)),
    path("login/", LoginView.as_view()),
    path("people/", people),
]
