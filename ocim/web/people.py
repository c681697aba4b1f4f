"""The pages of people's accounts and roles.

Admins of the whole fleet see all; those of organizations see who has a role there, and change these
roles. They change an account itself only if it has no role elsewhere.
"""

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from ocim.core.access import FLEET, Grant, Right, Role
from ocim.core.errors import OcimError
from ocim.core.texts import plural
from ocim.operations import people as accounts
from ocim.operations import second_factor, sessions
from ocim.operations.access import grants_of
from ocim.store import people as store
from ocim.store.models import InstanceReference
from ocim.store.sign_ins import PAGE_SIZE
from ocim.store.sign_ins import attempts as newest_attempts
from ocim.web.account import browser_name
from ocim.web.actions import show_error
from ocim.web.rights import access, chosen_role, require
from ocim.web.sign_in import password_link
from ocim.wiring import context

RESULTS = {
    "signed in": "signed in",
    "wrong": "failed: wrong password or code",
    "locked": "failed, and locked for a while",
}
"""Words for the results of attempts to sign in."""
OF_ROLES = ("grant", "revoke")
"""Changes of roles; the others are changes of an account itself."""


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Show the accounts with their roles, and a form for another one."""
    _require_somewhere(request)
    return _people(request)


@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """Create an account, and show the link with which its owner sets a password."""
    _require_somewhere(request)
    organization = request.POST.get("organization", "").strip()
    require(request, Right.ADMINISTER, organization)
    try:
        user = accounts.create(
            name=request.POST.get("name", "").strip(),
            email=request.POST.get("email", "").strip(),
            password=None,
            role=chosen_role(request),
            organization=organization,
        )
    except OcimError as error:
        show_error(request, error)
        return _people(request, status=422)
    return _with_link(request, user)


@require_safe
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show an account: its roles and, to who may change it, its tokens and its sessions."""
    _require_somewhere(request)
    user = get_object_or_404(store.visible(access(request)), pk=user_id)
    shown = {"person": user, "grants": _grants(request, user), **_choices(request)}
    if _owns(request, user):
        shown |= {
            "is_owned": True,
            "second_factor": second_factor.is_on(user),
            "tokens": user.api_tokens.order_by("name"),
            "sessions": sessions.sessions_of(user, context().now()).count(),
        }
    return render(request, "web/person.html", shown)


@require_POST
def act(request: HttpRequest, user_id: str, kind: str) -> HttpResponse:
    """Change an account or its roles."""
    _require_somewhere(request)
    user = get_object_or_404(store.visible(access(request)), pk=user_id)
    if kind in OF_ROLES:
        require(request, Right.ADMINISTER, request.POST.get("organization", "").strip())
    elif not _owns(request, user):
        raise PermissionDenied
    if kind == "link":
        return _with_link(request, user)
    try:
        messages.success(request, _change(user, kind, request))
    except OcimError as error:
        show_error(request, error)
    return redirect("person", user.pk)


@require_safe
def sign_ins(request: HttpRequest) -> HttpResponse:
    """Show attempts to sign in, newest first."""
    require(request, Right.ADMINISTER, FLEET)
    name = request.GET.get("name", "").replace("\0", "")
    try:
        before = parse_datetime(request.GET.get("before", ""))
    except ValueError:
        before = None
    attempts = newest_attempts(name=name, before=before if before and before.tzinfo else None)
    rows = [
        {"attempt": row, "browser": browser_name(row.browser), "result": RESULTS[row.result]}
        for row in attempts
    ]
    after = attempts[-1].time.isoformat() if len(attempts) == PAGE_SIZE else ""
    return render(request, "web/sign_ins.html", {"rows": rows, "name": name, "before": after})


def _change(user: User, kind: str, request: HttpRequest) -> str:
    """Make a change, and return a sentence about it."""
    organization = request.POST.get("organization", "").strip()
    match kind:
        case "grant":
            role = chosen_role(request)
            accounts.grant(user=user, role=role, organization=organization)
            return f"{user} is {role} of {organization or 'the whole fleet'}."
        case "revoke":
            accounts.revoke(user=user, organization=organization)
            return f"{user} has no role for {organization or 'the whole fleet'} any more."
        case "reset-second-factor":
            second_factor.remove(user=user)
            return f"{user} has no second factor any more."
        case "sign-out":
            return f"Ended {plural(sessions.end_all(user=user), 'session')} of {user}."
    accounts.set_active(user=user, active=kind == "enable")
    return f"{user} can sign in." if kind == "enable" else f"{user} is signed out for good."


def _people(request: HttpRequest, *, status: int = 200) -> HttpResponse:
    owned = set(store.owned(access(request)).values_list("pk", flat=True))
    rows = [
        {"person": user, "roles": _grants(request, user), "is_owned": user.pk in owned}
        for user in store.visible(access(request)).order_by("username")
    ]
    shown = {"rows": rows, "typed": request.POST, **_choices(request)}
    return render(request, "web/people.html", shown, status=status)


def _choices(request: HttpRequest) -> dict[str, object]:
    own = access(request).organizations(Right.ADMINISTER)
    names = InstanceReference.objects.exclude(organization=FLEET).order_by("organization")
    return {
        "choices": list(Role),
        "organizations": names.values_list("organization", flat=True).distinct()
        if own is None
        else sorted(own),
        "is_of_organizations": own is not None,
    }


def _require_somewhere(request: HttpRequest) -> None:
    """Raise PermissionDenied for who administers neither an organization nor the fleet."""
    if access(request).organizations(Right.ADMINISTER) == frozenset():
        raise PermissionDenied


def _grants(request: HttpRequest, user: User) -> list[Grant]:
    """Return the person's roles for what the user administers."""
    rights = access(request)
    grants = {*grants_of(user), *(row.grant for row in user.role_grants.all())}
    own = [grant for grant in grants if rights.may(Right.ADMINISTER, grant.organization)]
    return sorted(own, key=str)


def _owns(request: HttpRequest, user: User) -> bool:
    return store.owned(access(request)).filter(pk=user.pk).exists()


def _with_link(request: HttpRequest, user: User) -> HttpResponse:
    shown = {"person": user, "link": password_link(request, user)}
    return render(request, "web/password_link.html", shown)
