from django.contrib import admin
from django.http import HttpRequest
from oauth2_provider.admin import ApplicationAdmin as ToolkitApplicationAdmin
from oauth2_provider.models import Application

from rehearsal.edxapp.oauth_dispatch.models import ApplicationAccess


class AccessInline(admin.StackedInline):
    model = ApplicationAccess


class ApplicationAdmin(ToolkitApplicationAdmin):  # type: ignore[misc]
    inlines = (AccessInline,)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, object]:
        """Return defaults as in the commands: a readable secret, which signs ID tokens."""
        return {
            "algorithm": Application.HS256_ALGORITHM,
            "hash_client_secret": False,
            **super().get_changeform_initial_data(request),
        }
