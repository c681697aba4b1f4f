import hashlib
import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.models import AccessToken
from oauth2_provider.views import TokenView

from rehearsal.edxapp.oauth_dispatch import tokens


@method_decorator(csrf_exempt, name="dispatch")
class AccessTokenView(TokenView):  # type: ignore[misc]
    """Access tokens of the toolkit, as JWTs if the request asks for `token_type=jwt`."""

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response: HttpResponse = super().post(request, *args, **kwargs)
        if response.status_code != 200 or request.POST.get("token_type", "").lower() != "jwt":  # noqa: PLR2004
            return response
        answer = json.loads(response.content)
        checksum = hashlib.sha256(answer["access_token"].encode()).hexdigest()
        access = AccessToken.objects.select_related("user", "application__user").get(
            token_checksum=checksum
        )
        # For its own calls, a service acts as the user to whom its client is attached.
        user = access.user or access.application.user
        if user is None:
            return JsonResponse(
                {"error": "invalid_client", "error_description": "The client has no user."},
                status=400,
            )
        answer["access_token"] = tokens.issue(
            user,
            scopes=answer["scope"].split(),
            grant_type=request.POST["grant_type"],
            expires_in=answer["expires_in"],
        )
        answer["token_type"] = "JWT"  # noqa: S105
        return JsonResponse(answer)
