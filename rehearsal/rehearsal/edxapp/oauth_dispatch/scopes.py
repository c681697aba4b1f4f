from typing import Any

from django.conf import settings
from oauth2_provider.models import Application
from oauth2_provider.scopes import SettingsScopes

from rehearsal.edxapp.oauth_dispatch.models import ApplicationAccess


class ApplicationScopes(SettingsScopes):  # type: ignore[misc]
    """Scopes of clients: all before juniper; then the defaults and those of ApplicationAccess."""

    def get_available_scopes(
        self, application: Application = None, request: Any = None, *_args: Any, **_kwargs: Any
    ) -> list[str]:
        if settings.RELEASE.openid_connect:
            return list(self.get_all_scopes())
        access = ApplicationAccess.objects.filter(application=application).first()
        return [*settings.OAUTH2_DEFAULT_SCOPES, *(access.scope_names() if access else [])]
