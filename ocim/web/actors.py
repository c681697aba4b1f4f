"""Actors of requests, for the audit log."""

from functools import partial

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from ocim.core.actors import Actor, ActorKind, set_actor

API = "/api/"
"""Beginning of the paths of the API."""


class ActorMiddleware(MiddlewareMixin):
    """A middleware that says who sends a request."""

    def process_request(self, request: HttpRequest) -> None:
        """Set the actor. The API learns only later whom a token belongs to."""
        set_actor(partial(_actor, request))

    def process_response(
        self, _request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Forget the actor: another request may follow in this thread."""
        set_actor()
        return response


def _actor(request: HttpRequest) -> Actor:
    """Return the account, and the address as sign-in sees it.

    The web server takes an address from `X-Forwarded-For` if the request comes from this machine.
    """
    kind = ActorKind.API if request.path.startswith(API) else ActorKind.PAGE
    address = request.META.get("REMOTE_ADDR", "")
    user = request.user
    return Actor(kind, user.get_username(), address, user.pk)
