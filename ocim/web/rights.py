"""Rights of the person who sent a request; see `ocim.core.access`."""

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject

from ocim.core.access import Access, Right, Role
from ocim.core.errors import ValidationError
from ocim.core.texts import listed
from ocim.operations import second_factor
from ocim.operations.access import access_of, rights_for
from ocim.web.sessions import NEEDS_NO_CODE

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
    ) -> HttpResponse | None:
        """Raise PermissionDenied if a signed-in user has no role.

        Lead who lacks a second factor that is required to its set-up. The API, which needs no login
        by a page, answers for itself: to whom lacks the second factor as to a stranger.
        """
        if _is_own_account(view):
            return None
        if lacks_second_factor(request):
            if getattr(view, "login_required", True):
                return redirect("second-factor")
            request.user = AnonymousUser()
        if not getattr(view, "login_required", True):
            return None
        if request.user.is_authenticated and not access(request).grants:
            raise PermissionDenied
        return None


def lacks_second_factor(request: HttpRequest) -> bool:
    """Return True if the settings require a second factor, and the person has none."""
    user = request.user
    if not settings.OCIM.require_second_factor or not isinstance(user, User):
        return False
    return not request.session.get(NEEDS_NO_CODE) and not second_factor.is_on(user)


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
