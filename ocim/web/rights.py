"""Who may look at the pages, and who may do what there.

Three permissions of Django's, all of instances, are asked for: see `VIEW`, `CHANGE` and `SECRETS`.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

VIEW = "store.view_openedxinstance"
"""The permission to look: at instances, app servers, logs and rollouts."""
CHANGE = "store.change_openedxinstance"
"""The permission to look, and to start and change things."""
SECRETS = "store.view_secrets"
"""The permission, besides, to be shown secrets."""
OWN_ACCOUNT = "django.contrib.auth.views"
"""The module whose views are about the account of whoever asks."""

may_change: Callable[..., Callable[..., HttpResponse]] = permission_required(
    CHANGE, raise_exception=True
)
may_see_secrets: Callable[..., Callable[..., HttpResponse]] = permission_required(
    SECRETS, raise_exception=True
)


class ViewPermissionMiddleware(MiddlewareMixin):
    """Refuses every page to who may not look, unless the page is about the own account.

    So a page that is added is closed until somebody opens it. Strangers are asked to sign in by
    Django's LoginRequiredMiddleware, which comes before.
    """

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> None:
        """Raise PermissionDenied where the user has no right to look."""
        if (
            request.user.is_authenticated
            and not _is_own_account(view)
            and not may_look(request.user)
        ):
            raise PermissionDenied


def may_look(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Return whether the user may look at the pages; who may change things, may."""
    return isinstance(user, PermissionsMixin) and (user.has_perm(VIEW) or user.has_perm(CHANGE))


def _is_own_account(view: Callable[..., Any]) -> bool:
    bases: tuple[type, ...] = getattr(view, "view_class", object).__mro__
    return any(base.__module__ == OWN_ACCOUNT for base in bases)
