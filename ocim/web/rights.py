"""Rights of the person who sent a request; see `ocim.core.access`."""

from collections.abc import Callable
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject

from ocim.core.access import Access, Right, Role
from ocim.core.errors import ValidationError
from ocim.core.texts import listed
from ocim.operations.access import access_of, rights_for

OWN_ACCOUNT = "django.contrib.auth.views"
"""Module of the views of one's own account, which need no role."""


class AccessMiddleware(MiddlewareMixin):
    """A middleware that sets `request.access`, and requires some role for every page.

    A new page is closed to accounts without a role, without a decorator. Django's
    LoginRequiredMiddleware, which runs before, sends strangers to the sign-in page.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Set the access, which is read from the database when it is first needed."""
        request.access = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: access_of(request.user)
        )

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> None:
        """Raise PermissionDenied if a signed-in user has no role.

        The API, which needs no login by a page, answers for itself.
        """
        if not getattr(view, "login_required", True) or _is_own_account(view):
            return
        if request.user.is_authenticated and not access(request).grants:
            raise PermissionDenied


def access(request: HttpRequest) -> Access:
    """Return what the request's user may do."""
    return cast(Access, request.access)  # type: ignore[attr-defined]


def require(request: HttpRequest, right: Right, *organizations: str) -> None:
    """Raise PermissionDenied unless the user may do this with all the organizations' instances."""
    if right not in rights_for(access(request), organizations):
        raise PermissionDenied


def chosen_role(request: HttpRequest) -> Role:
    """Return the role that a form has. Raise ValidationError if there is no such role."""
    name = request.POST.get("role", "")
    if name not in list(Role):
        raise ValidationError([f"role: {name!r} is none. Choose {listed(Role, 'or')}."])
    return Role(name)


def own_account(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark a view of one's own account, which needs no role."""
    view.is_own_account = True  # type: ignore[attr-defined]
    return view


def _is_own_account(view: Callable[..., Any]) -> bool:
    if getattr(view, "is_own_account", False):
        return True
    bases: tuple[type, ...] = getattr(view, "view_class", object).__mro__
    return any(base.__module__ == OWN_ACCOUNT for base in bases)
