"""The services' own clients at the LMS, and their tokens."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from ocim.core.instance import Service
from ocim.core.pages import Page
from ocim.core.verification import Line
from ocim.operations.shop.verify.lines import SERVER_ERROR, Failed, failed, ok, require
from ocim.operations.shop.verify.scene import Scene
from ocim.ports.browsers import Browser


def backend(scene: Scene) -> Iterator[Line]:
    """Check that each service gets a token with which it can call the LMS."""
    for service in (Service.ECOMMERCE, Service.DISCOVERY):
        if not scene.has(service):
            continue
        try:
            claims = claims_of(token(scene, service))
        except Failed as failure:
            yield failure.line
            continue
        name, who = _name(service), claims.get("preferred_username")
        if claims.get("administrator"):
            yield ok(name, f"the LMS gives it a token of {who}, who is staff")
        else:
            yield failed(
                name, f"the LMS gives it a token of {who}, who is not staff", scene.again("users")
            )


def token(scene: Scene, service: Service) -> str:
    """Return a JWT of the service's worker. Raise Failed if the LMS issues none."""
    key, secret = scene.backend_client(service)
    url = scene.url(Service.LMS, "/oauth2/access_token")
    form = {
        "grant_type": "client_credentials",
        "client_id": key,
        "client_secret": secret.reveal(),
        "token_type": "jwt",
    }
    with scene.browser() as browser:
        page = browser.request("POST", url, form=form)
    remedy = (
        f"The LMS does not know the client {key!r} by the secret that {service.value} has."
        f" {scene.again('clients')} tells it."
    )
    if page.status and page.status >= SERVER_ERROR:
        remedy = f"The LMS's log says why: `ocim appserver shell {scene.appserver.pk}`."
    data = require(_name(service), page, remedy=remedy).data
    if not isinstance(data, dict) or "access_token" not in data:
        raise Failed(failed(_name(service), "no token in the answer", remedy, page))
    return str(data["access_token"])


def claims_of(jwt: str) -> dict[str, Any]:
    """Return the claims of a token, without a check of its signature; {} if it is none."""
    try:
        payload = jwt.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


class Caller:
    """Caller of APIs in the name of a service's worker."""

    def __init__(self, scene: Scene, browser: Browser, service: Service) -> None:
        self._browser = browser
        jwt = token(scene, service)
        self._headers = {"Authorization": f"JWT {jwt}", "Accept": "application/json"}
        self.username = str(claims_of(jwt).get("preferred_username") or "")

    def __call__(self, method: str, url: str, *, json: Any = None) -> Page:
        """Return the answer, whatever its status."""
        return self._browser.request(method, url, json=json, headers=self._headers)


def _name(service: Service) -> str:
    return f"{service.value}: client at the LMS"
