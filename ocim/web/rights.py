"""Permissions of the pages: `VIEW`, `CHANGE` and `SECRETS`, three of Django's permissions."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

VIEW = "store.view_openedxinstance"
"""Permission to view instances, app servers, logs and rollouts."""
CHANGE = "store.change_openedxinstance"
"""Permission to view and change them."""
SECRETS = "store.view_secrets"
"""Permission to see secrets, in addition to one of the others."""
OWN_ACCOUNT = "django.contrib.auth.views"
"""Module of the views of one's own account, which need no permission."""

may_change: Callable[..., Callable[..., HttpResponse]] = permission_required(
    CHANGE, raise_exception=True
)
may_see_secrets: Callable[..., Callable[..., HttpResponse]] = permission_required(
    SECRETS, raise_exception=True
)


class ViewPermissionMiddleware(MiddlewareMixin):
    """A middleware that requires a permission to view for every page but those of one's account.

    A new page is protected, too, without a decorator. Django's LoginRequiredMiddleware, which runs
    before, sends visitors who are not signed in to the sign-in page.
    """

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> None:
        """Raise PermissionDenied if a signed-in user may not view the page."""
        if (
            request.user.is_authenticated
            and not _is_own_account(view)
            and not may_look(request.user)
        ):
            raise PermissionDenied


def may_look(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Return True if the user may view the pages; the permission to change implies it."""
    return isinstance(user, PermissionsMixin) and (user.has_perm(VIEW) or user.has_perm(CHANGE))


def _is_own_account(view: Callable[..., Any]) -> bool:
    bases: tuple[type, ...] = getattr(view, "view_class", object).__mro__
    return any(base.__module__ == OWN_ACCOUNT for base in bases)
