"""Callers of the shop's API, known by their tokens."""

import time
from typing import Any

from django.test import Client

from rehearsal.common import jwt
from rehearsal.ecommerce.catalogue.models import Product
from tests.configuration import signing_key
from tests.ecommerce.configuration import LMS

V2 = "/api/v2/"


def token(username: str, **claims: Any) -> str:
    """Return a token of the LMS for a user; `administrator` makes the user staff."""
    output = {
        "iss": f"{LMS}/oauth2",
        "aud": "lms-key",
        "exp": int(time.time()) + 60,
        "preferred_username": username,
        "email": f"{username}@example.com",
        "administrator": False,
        **claims,
    }
    return jwt.sign(output, key=signing_key(), algorithm="RS512")


def ask(client: Client, path: str, authorization: str = "", /, **body: Any) -> Any:
    """Send a POST with a body, or else a GET."""
    headers = {"Authorization": authorization} if authorization else {}
    if body:
        return client.post(f"{V2}{path}", body, content_type="application/json", headers=headers)
    return client.get(f"{V2}{path}", headers=headers)


def sku(seat: Product) -> str:
    return str(seat.stockrecords.get().partner_sku)
