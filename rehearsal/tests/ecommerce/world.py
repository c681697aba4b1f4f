"""An LMS and its shop as processes, set up with their own commands as on a server."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests import configuration as lms_configuration
from tests.ecommerce import configuration as shop_configuration
from tests.processes import free_port, gunicorn, manage

TIMEOUT = 60
WORKER = ("ecommerce_worker", "ecommerce_worker@fake.email")
PERMISSIONS = [f"course_modes:coursemode:{verb}_coursemode" for verb in ("add", "change", "delete")]
SECRETS = {"sso": "the sign-on client's secret, long", "backend": "the backend client's secret"}

OIDC_FLAGS = ("--client-id=sso-key", f"--client-secret={SECRETS['sso']}")
OAUTH2_FLAGS = (
    *("--sso-client-id=sso-key", f"--sso-client-secret={SECRETS['sso']}"),
    *("--backend-service-client-id=backend-key",),
    f"--backend-service-client-secret={SECRETS['backend']}",
)


@dataclass
class World:
    """Addresses of both services, and their configuration files."""

    lms: str
    shop: str
    lms_file: Path
    shop_file: Path
    broker_url: str

    def lms_shell(self, script: str) -> str:
        return ran(self.lms_file, "lms", "shell", script=script)

    def shop_shell(self, script: str) -> str:
        return ran(self.shop_file, "ecommerce", "shell", script=script)

    def manage_shop(self, *arguments: str) -> str:
        return ran(self.shop_file, "ecommerce", *arguments)

    def learner(self, name: str) -> "Browser":
        """Return the browser of a new learner, signed in at the LMS."""
        browser = Browser(self)
        browser.submit(
            f"{self.lms}/register",
            name=f"{name.title()} Learner",
            email=f"{name}@example.com",
            username=name,
            password1="correct horse",
            password2="correct horse",
        )
        return browser

    def course(self, number: str, *, price: float = 10) -> "OnSale":
        """Create a course in the LMS, with a free and a verified seat published by the shop."""
        course_id = f"course-v1:edX+{number}+2026"
        self.lms_shell(
            "from rehearsal.edxapp.course_overviews.models import CourseOverview\n"
            f"CourseOverview.objects.create(org='edX', number={number!r}, run='2026',"
            f" display_name={number!r}, published=True)"
        )
        answer = self.api(
            "POST", "publication/", self.staff_token(), **publication(course_id, price)
        )
        assert answer.status_code == 201, answer.text
        return self.on_sale(course_id)

    def on_sale(self, course_id: str) -> "OnSale":
        """Return the verified seat of a course, as the shop lists it."""
        products = self.api("GET", f"courses/{course_id}/products/", self.staff_token()).json()
        records = {
            value["value"]: product["stockrecords"][0]
            for product in products["results"]
            for value in product["attribute_values"]
            if value["code"] == "certificate_type"
        }
        record = records["verified"]
        return OnSale(course_id, record["partner_sku"], record["id"])

    def coupon(self, on_sale: "OnSale", **changes: Any) -> str:
        """Create a coupon for the seat (default: full price, once). Return its code."""
        wanted = {**COUPON, "stock_record_ids": [on_sale.stock_record], **changes}
        made = self.api("POST", "coupons/", self.staff_token(), **wanted)
        assert made.status_code == 200, made.text
        shown = self.api("GET", f"coupons/{made.json()['coupon_id']}/", self.staff_token())
        return str(shown.json()["code"])

    def enrollment(self, username: str, course_id: str) -> Any:
        """Return the LMS's enrollment; None if there is none."""
        answer = requests.get(
            f"{self.lms}/api/enrollment/v1/enrollment/{username},{course_id}",
            headers={"X-Edx-Api-Key": lms_configuration.API_KEY},
            timeout=TIMEOUT,
        )
        return answer.json()

    def api(self, method: str, path: str, token: str, **body: Any) -> requests.Response:
        """Call the shop's API with the token. Return the response."""
        return requests.request(
            method,
            f"{self.shop}/api/v2/{path}",
            json=body or None,
            headers={"Authorization": f"JWT {token}"},
            timeout=TIMEOUT,
        )

    def staff_token(self) -> str:
        """Return the worker's token, which the LMS grants to the backend client."""
        answer = requests.post(
            f"{self.lms}/oauth2/access_token",
            {
                "grant_type": "client_credentials",
                "token_type": "jwt",
                "client_id": "backend-key",
                "client_secret": SECRETS["backend"],
            },
            timeout=TIMEOUT,
        )
        return str(answer.json()["access_token"])


@dataclass(frozen=True)
class OnSale:
    """A seat that can be bought."""

    course_id: str
    sku: str
    stock_record: int


class Browser(requests.Session):
    """A session that fills in forms; its cookies are kept apart by port, as by host."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def see(self, url: str, *, timeout: float = TIMEOUT) -> requests.Response:
        return self.get(url, timeout=timeout)

    def account_at_shop(self) -> str:
        """Return the user who is signed in: username, email, name, has the LMS's id, is staff."""
        return self.world.shop_shell(ACCOUNT.format(self.cookies.get("ecommerce_sessionid")))

    def submit(self, url: str, page: requests.Response | None = None, **fields: Any) -> Any:
        """Send the form at `url`, with the token of the page that shows it."""
        shown = page or self.see(url)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', shown.text)
        assert token, shown.text
        return self.post(url, {**fields, "csrfmiddlewaretoken": token[1]}, timeout=TIMEOUT)


@contextmanager
def running_world(directory: Path, *, release: str) -> Iterator[World]:
    """Run both services, with users, clients, site and partner, until the block ends."""
    ports = {"lms": free_port(), "ecommerce": free_port()}
    # Two names, so that a browser keeps their cookies apart.
    lms, shop = f"http://127.0.0.1:{ports['lms']}", f"http://localhost:{ports['ecommerce']}"
    broker_url = f"filesystem://{directory}/messages"
    lms_file = lms_configuration.write(
        directory,
        database=directory / "edxapp.sqlite3",
        LMS_ROOT_URL=lms,
        ECOMMERCE_PUBLIC_URL_ROOT=shop,
        EDX_PLATFORM_VERSION=release,
    )
    shop_file = shop_configuration.write(
        directory,
        database=directory / "ecommerce.sqlite3",
        ECOMMERCE_URL_ROOT=shop,
        ECOMMERCE_VERSION=release,
        BROKER_URL=broker_url,
        SOCIAL_AUTH_EDX_OIDC_ISSUER=f"{shop_configuration.LMS}/oauth2",
    )
    set_up(lms_file, shop_file, lms=lms, shop=shop, release=release)
    with ExitStack() as stack:
        stack.enter_context(gunicorn(lms_file, "lms", port=ports["lms"]))
        stack.enter_context(gunicorn(shop_file, "ecommerce", port=ports["ecommerce"]))
        yield World(lms, shop, lms_file, shop_file, broker_url)


def set_up(lms_file: Path, shop_file: Path, *, lms: str, shop: str, release: str) -> None:
    """Do an operator's set-up steps, with the release's own commands."""
    openid = "ironwood" in release
    ran(
        lms_file,
        "lms",
        "shell",
        script=commands(
            ("migrate", "-v0"),
            ("manage_group", "ecommerce_service", "--permissions", *PERMISSIONS),
            ("manage_user", *WORKER, "--staff", "--groups", "ecommerce_service"),
            *(openid_client(shop) if openid else oauth_clients(shop)),
        )
        + ENABLE_COMMERCE,
    )
    clients = OIDC_FLAGS if openid else OAUTH2_FLAGS
    site = (
        *("create_or_update_site", "--site-id=1", f"--site-domain={shop.partition('//')[2]}"),
        *("--site-name=Shop", "--partner-code=demo", "--partner-name=Demo"),
        *(f"--lms-url-root={lms}", "--from-email=shop@example.com"),
        *("--payment-processors=test-card", "--client-side-payment-processor=test-card"),
        *("--discovery_api_url=https://discovery.example.com/api/v1/", *clients),
    )
    ran(shop_file, "ecommerce", "shell", script=commands(("migrate", "-v0"), site))


def commands(*lines: tuple[str, ...]) -> str:
    """Return a script that runs management commands in one process, in order."""
    calls = "".join(f"call_command(*{line!r})\n" for line in lines)
    return f"from django.core.management import call_command\n{calls}"


def openid_client(shop: str) -> list[tuple[str, ...]]:
    callback = f"{shop}/complete/edx-oidc/"
    return [
        (
            *("create_oauth2_client", shop, callback, "confidential", "--trusted"),
            *("--client_id=sso-key", f"--client_secret={SECRETS['sso']}"),
            "--username=ecommerce_worker",
        )
    ]


def oauth_clients(shop: str) -> list[tuple[str, ...]]:
    return [
        (
            *("create_dot_application", "shop-sso", "ecommerce_worker", "--skip-authorization"),
            *("--grant-type=authorization-code", "--scopes=user_id", "--client-id=sso-key"),
            f"--redirect-uris={shop}/complete/edx-oauth2/",
            f"--client-secret={SECRETS['sso']}",
        ),
        (
            *("create_dot_application", "shop-backend", "ecommerce_worker"),
            *("--client-id=backend-key", f"--client-secret={SECRETS['backend']}"),
        ),
    ]


def publication(course_id: str, price: float = 10) -> dict[str, Any]:
    """Return a course with an audit and a verified seat, for its publication."""
    return {
        "id": course_id,
        "name": "Demonstration",
        "verification_deadline": None,
        "products": [
            {
                "product_class": "Seat",
                "expires": None,
                "price": 0,
                "attribute_values": [{"name": "id_verification_required", "value": False}],
            },
            {
                "product_class": "Seat",
                "expires": None,
                "price": price,
                "attribute_values": [
                    {"name": "certificate_type", "value": "verified"},
                    {"name": "id_verification_required", "value": True},
                ],
            },
        ],
    }


COUPON: dict[str, Any] = {
    "title": "A coupon",
    "client": "A client",
    "category": {"name": "Other"},
    "benefit_type": "Percentage",
    "benefit_value": 100,
    "voucher_type": "Single use",
    "quantity": 1,
    "price": 0,
    "start_datetime": "2020-01-01T00:00:00Z",
    "end_datetime": "2100-01-01T00:00:00Z",
}
ACCOUNT = """
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
user = get_user_model().objects.get(
    pk=Session.objects.get(pk="{}").get_decoded()["_auth_user_id"]
)
print(user.username, user.email, user.full_name, bool(user.lms_user_id), user.is_staff)
"""
ENABLE_COMMERCE = """
from django.contrib.auth.models import User
from rehearsal.edxapp.commerce.models import CommerceConfiguration
from rehearsal.edxapp.student.models import UserProfile
CommerceConfiguration(enabled=True, checkout_on_ecommerce_service=True).save()
worker = User.objects.get(username="ecommerce_worker")
UserProfile.objects.update_or_create(user=worker, defaults={"name": "Ecommerce Worker"})
"""


def ran(file: Path, *arguments: str, script: str = "") -> str:
    """Run a management command, which must succeed. Return its output."""
    result = manage(file, *arguments, script=script)
    assert result.returncode == 0, result.stderr
    return result.stdout


def as_json(response: requests.Response) -> Any:
    """Return the response's JSON. If it is none, fail and show the response."""
    try:
        return response.json()
    except json.JSONDecodeError as error:
        raise AssertionError(f"{response.status_code}: {response.text[:2000]}") from error
