from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.http import HttpRequest


class EmailOrUsernameBackend(ModelBackend):
    """Sign-in with e-mail address, or (for operators) username."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        if username and "@" in username:
            user = User.objects.filter(email__iexact=username).first()
            username = user.username if user else username
        return super().authenticate(request, username=username, password=password, **kwargs)
