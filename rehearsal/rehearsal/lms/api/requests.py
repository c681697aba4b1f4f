"""Parts shared by the platform's APIs: callers, bodies, pages and refusals."""

import hmac
import json
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt

from rehearsal.common import jwt
from rehearsal.edxapp.oauth_dispatch import tokens

MAX_PAGE_SIZE = 100
M = TypeVar("M", bound=Model)


class Refused(Exception):
    """A response with an error status and the JSON object `body`."""

    def __init__(self, status: int, **body: object) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


def api(
    *methods: str,
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Return a decorator of JSON views for these methods, which sets `request.user`.

    That is the user of the JWT in `Authorization: JWT …`; else the user who is signed in, who needs
    the token against forged requests for all but reading.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in methods:
                return JsonResponse({"detail": "Method not allowed."}, status=405)
            try:
                request.user = caller(request)
                return view(request, *args, **kwargs)
            except Refused as refused:
                return JsonResponse(refused.body, status=refused.status)

        return wrapped

    return decorate


def caller(request: HttpRequest) -> User | AnonymousUser:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.upper() == "JWT":
        try:
            username = tokens.verify(token.strip())["preferred_username"]
        except jwt.InvalidToken as error:
            raise Refused(401, detail=f"Invalid token: {error}") from error
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise Refused(401, detail="The token's user does not exist or is not active.")
        return user
    if not isinstance(request.user, User):
        return AnonymousUser()
    if CsrfViewMiddleware(_nothing).process_view(request, _nothing, (), {}):
        raise Refused(403, detail="CSRF Failed: the token is missing or wrong.")
    return request.user


def _nothing(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def require_user(request: HttpRequest) -> User:
    """Return the user who calls. Refuse anonymous callers."""
    if not isinstance(request.user, User):
        raise Refused(401, detail="Authentication credentials were not provided.")
    return request.user


def has_api_key(request: HttpRequest) -> bool:
    """Return True if the request carries the key that the platform and its services share."""
    sent = request.headers.get("X-Edx-Api-Key", "")
    key: str = settings.EDX_API_KEY
    return bool(key) and hmac.compare_digest(sent.encode(), key.encode())


def body_of(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object in the request. Refuse any other body."""
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise Refused(400, detail=f"JSON parse error: {error}") from error
    if not isinstance(body, dict):
        raise Refused(400, detail="A JSON object is expected.")
    return body


def moment(body: dict[str, Any], field: str) -> Any:
    """Return the date and time in a field of `body`; None if it is empty."""
    value = body.get(field)
    if not value:
        return None
    try:
        parsed = parse_datetime(value)
    except (TypeError, ValueError):
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise Refused(400, **{field: [f"'{value}' is no date and time with a time zone."]})
    return parsed


def page_of(request: HttpRequest, rows: QuerySet[M], *, size: int) -> Page[M]:
    """Return the page of `rows` that the query asks for. Refuse (404) one past the last."""
    try:
        wanted_size = int(request.GET.get("page_size") or size)
        number = int(request.GET.get("page") or 1)
    except ValueError as error:
        raise Refused(404, detail="Invalid page.") from error
    paginator = Paginator(rows, min(max(wanted_size, 1), MAX_PAGE_SIZE))
    if not 1 <= number <= paginator.num_pages:
        raise Refused(404, detail="Invalid page.")
    return paginator.page(number)


def links(request: HttpRequest, page: Page[Any]) -> dict[str, str | None]:
    """Return the URLs of the pages before and after `page`."""

    def link(number: int) -> str:
        query = request.GET.copy()
        query["page"] = str(number)
        return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")

    return {
        "next": link(page.next_page_number()) if page.has_next() else None,
        "previous": link(page.previous_page_number()) if page.has_previous() else None,
    }
