"""Ways in: a person's password, second factor and identity at the provider of single sign-on."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.bodies import Body, read
from ocim.api.people import Person
from ocim.api.shapes import Text
from ocim.api.views import NO_CONTENT
from ocim.core.access import Right
from ocim.core.secrets import Secret
from ocim.operations import people, second_factor, single_sign_on
from ocim.wiring import identity_issuer


class PasswordBody(Body):
    """A password."""

    password = Text(trim_whitespace=False, write_only=True)


class IdentityBody(Body):
    """A person at the provider of single sign-on."""

    subject = Text(max_length=255, help_text="Id of the person at the provider.")


class PersonPassword(Person):
    http_method_names = ["put"]  # noqa: RUF012

    @extend_schema(request=PasswordBody, responses={204: None})
    def put(self, request: Request, name: str) -> Response:
        """Set another password for a person, and sign them out everywhere."""
        user = self.owned(name)
        people.set_password(user=user, password=Secret(read(PasswordBody, request)["password"]))
        return Response(status=NO_CONTENT)


class PersonSecondFactor(Person):
    http_method_names = ["delete"]  # noqa: RUF012

    @extend_schema(responses={204: None})
    def delete(self, _request: Request, name: str) -> Response:
        """Remove the second factor of a person who lost it."""
        second_factor.remove(user=self.owned(name))
        return Response(status=NO_CONTENT)


class PersonIdentity(Person):
    http_method_names = ["put"]  # noqa: RUF012

    @extend_schema(request=IdentityBody, responses={204: None})
    def put(self, request: Request, name: str) -> Response:
        """Let a person sign in to their account by single sign-on."""
        self.require(Right.ADMINISTER)  # the provider's roles may be for the whole fleet
        user = self.person(name)
        subject = read(IdentityBody, request)["subject"]
        single_sign_on.link(user=user, issuer=identity_issuer(), subject=subject)
        return Response(status=NO_CONTENT)
