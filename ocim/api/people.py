"""People: their accounts, roles and tokens."""

from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.bodies import Body, read
from ocim.api.paging import page
from ocim.api.schema import page_of
from ocim.api.shapes import Number, Text, Texts, Time
from ocim.api.views import CREATED, NO_CONTENT, ApiView
from ocim.core.access import FLEET, Access, Grant, Right, Role
from ocim.core.errors import ValidationError
from ocim.core.secrets import Secret
from ocim.operations import people, tokens
from ocim.store import people as store
from ocim.store.models import ApiToken
from ocim.wiring import context

ROLES = [role.value for role in Role]


class PersonShape(serializers.Serializer[Any]):
    """An account."""

    name = Text()
    email = Text()
    roles = Texts()
    enabled = serializers.BooleanField()


class NewPerson(Body):
    """A new account."""

    name = Text(max_length=150)
    email = Text(required=False, allow_blank=True, max_length=254)
    password = Text(
        required=False,
        trim_whitespace=False,
        write_only=True,
        help_text="Default: nobody can sign in until one is set.",
    )
    role = serializers.ChoiceField(ROLES, required=False)
    organization = Text(
        required=False, allow_blank=True, max_length=200, help_text="Default: the whole fleet."
    )


class EnableBody(Body):
    """A switch of an account."""

    enabled = serializers.BooleanField()


class RoleBody(Body):
    """A role for an organization's instances, or for the whole fleet."""

    role = serializers.ChoiceField(ROLES)
    organization = Text(
        required=False, allow_blank=True, max_length=200, help_text="Default: the whole fleet."
    )


class TokenShape(serializers.Serializer[Any]):
    """A token, without its text."""

    id = Number()
    owner = Text()
    name = Text()
    role = Text()
    organization = Text()
    created = Time()
    expires = Time()
    last_used = Time(allow_null=True)


class NewTokenShape(TokenShape):
    """A new token, with its text, which is shown only this once."""

    token = Text()


class NewToken(Body):
    """A token of one's own."""

    name = Text()
    role = serializers.ChoiceField(ROLES)
    organization = Text(
        required=False, allow_blank=True, max_length=200, help_text="Default: the whole fleet."
    )
    days = Number(
        required=False,
        min_value=1,
        max_value=tokens.MOST_DAYS,
        help_text=f"Days until it expires (default: {tokens.DAYS}).",
    )


class People(ApiView):
    @extend_schema(responses={200: page_of(PersonShape)})
    def get(self, request: Request) -> Response:
        """List accounts, oldest first: an organization's admin lists those with a role there."""
        self.require_somewhere(Right.ADMINISTER)
        facts = partial(_facts, access=self.access)
        return page(store.visible(self.access), request, facts, ordering=("id",))

    @extend_schema(request=NewPerson, responses={201: PersonShape})
    def post(self, request: Request) -> Response:
        """Create an account; an organization's admin gives it a role there."""
        self.require_somewhere(Right.ADMINISTER)
        new = read(NewPerson, request)
        self.require(Right.ADMINISTER, new.get("organization", FLEET))
        password, role = new.pop("password", None), new.pop("role", None)
        if role is None and not self.access.may(Right.ADMINISTER, FLEET):
            raise ValidationError(["role: is missing: nobody else could see the account."])
        user = people.create(
            **new,
            password=Secret(password) if password else None,
            role=Role(role) if role else None,
        )
        return Response(_facts(user, self.access), CREATED)


class Person(ApiView):
    @extend_schema(responses={200: PersonShape})
    def get(self, _request: Request, name: str) -> Response:
        """Show an account."""
        return Response(_facts(self.person(name), self.access))

    @extend_schema(request=EnableBody, responses={200: PersonShape})
    def put(self, request: Request, name: str) -> Response:
        """Enable or disable an account; a disabled one is signed out, its tokens are rejected."""
        user = self.owned(name)
        people.set_active(user=user, active=read(EnableBody, request)["enabled"])
        return Response(_facts(user, self.access))

    @extend_schema(responses={204: None})
    def delete(self, _request: Request, name: str) -> Response:
        """Delete an account with its roles and tokens."""
        people.remove(user=self.owned(name))
        return Response(status=NO_CONTENT)

    def person(self, name: str) -> User:
        """Return an account. Raise Http404 if there is none that may be seen."""
        self.require_somewhere(Right.ADMINISTER)
        user = store.visible(self.access).filter(username=name).first()
        if user is None:
            raise Http404(f"No account {name!r}.")
        return user

    def owned(self, name: str) -> User:
        """Return an account that may be changed itself; raise PermissionDenied for others."""
        user = self.person(name)
        if not store.owned(self.access).filter(pk=user.pk).exists():
            raise PermissionDenied(f"{name} has roles beyond what you administer.")
        return user


class PersonRole(Person):
    http_method_names = ["put", "delete"]  # noqa: RUF012

    @extend_schema(request=RoleBody, responses={200: PersonShape})
    def put(self, request: Request, name: str) -> Response:
        """Grant a role, which replaces that for the same organization."""
        user = self.person(name)
        wanted = read(RoleBody, request)
        organization = wanted.get("organization", FLEET)
        self.require(Right.ADMINISTER, organization)
        people.grant(user=user, role=Role(wanted["role"]), organization=organization)
        return Response(_facts(self.person(name), self.access))

    @extend_schema(
        parameters=[OpenApiParameter("organization", str, description="Default: the fleet.")],
        responses={204: None},
    )
    def delete(self, request: Request, name: str) -> Response:
        """Take a role away."""
        organization = request.query_params.get("organization", FLEET)
        user = self.person(name)
        self.require(Right.ADMINISTER, organization)
        people.revoke(user=user, organization=organization)
        return Response(status=NO_CONTENT)


class Tokens(ApiView):
    @extend_schema(responses={200: page_of(TokenShape)})
    def get(self, request: Request) -> Response:
        """List one's own tokens; an admin's list has those of the accounts that are theirs."""
        self.require_somewhere(Right.VIEW)
        return page(_tokens(self, request), request, _token)

    @extend_schema(request=NewToken, responses={201: NewTokenShape})
    def post(self, request: Request) -> Response:
        """Create a token of one's own; it allows no more than the request itself may do."""
        self.require_somewhere(Right.VIEW)
        wanted = read(NewToken, request)
        role, organization = Role(wanted.pop("role")), wanted.pop("organization", FLEET)
        limited = self.access.limited(Grant(role, organization))
        if role not in {grant.role for grant in limited.grants}:
            raise PermissionDenied(f"You are not {Grant(role, organization)} yourself.")
        token, text = tokens.create(
            owner=people.find(request.user.get_username()),
            role=role,
            organization=organization,
            context=context(),
            **wanted,
        )
        return Response({**_token(token), "token": text.reveal()}, CREATED)


class Token(ApiView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke a token; its next use is rejected."""
        self.require_somewhere(Right.VIEW)
        token = _tokens(self, request).filter(pk=token_id).first()
        if token is None:
            raise Http404(f"No token {token_id}.")
        tokens.revoke(owner=token.owner, name=token.name)
        return Response(status=NO_CONTENT)


def _tokens(view: ApiView, request: Request) -> Any:
    rows = ApiToken.objects.select_related("owner")
    owners = store.owned(view.access).values("pk")
    return rows.filter(Q(owner=request.user.pk) | Q(owner__in=owners))


def _facts(user: User, access: Access) -> dict[str, object]:
    """Return what an administrator sees: an organization's one, of others, just their roles."""
    grants = {row.grant for row in user.role_grants.all()}
    grants |= {Grant(Role.ADMIN)} if user.is_superuser else set()
    own = {grant for grant in grants if access.may(Right.ADMINISTER, grant.organization)}
    is_owned = own == grants
    return {
        "name": user.get_username(),
        "email": user.email if is_owned else "",
        "roles": sorted(map(str, own)),
        "enabled": user.is_active,
    }


def _token(token: ApiToken) -> dict[str, object]:
    return {
        "id": token.pk,
        "owner": token.owner.get_username(),
        "name": token.name,
        "role": token.role,
        "organization": token.organization,
        "created": token.created,
        "expires": token.expires_at,
        "last_used": token.last_used_at,
    }
