"""An LMS, a shop and a catalogue in memory: what verifications ask of them, and do to them."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ocim.adapters.memory.browsers import Answer, Request
from ocim.catalog.steps.cron import PREFIX
from ocim.catalog.steps.shells import RESULT
from ocim.core.hosts import Ran
from tests.world import Killed

SHELLS = {
    "lms --": "lms",
    "cms --": "studio",
    "app/ecommerce/": "ecommerce",
    "-lms-1": "lms",
    "-cms-1": "studio",
    "-ecommerce-1": "ecommerce",
}
JOB = "43 * * * * refresh_course_metadata"
SKU = "ABC1234"


@dataclass
class Platform:
    """Stand-ins for the services, and their faults."""

    users: dict[str, str] = field(default_factory=dict)
    """Passwords at the LMS."""
    courses: set[str] = field(default_factory=lambda: {"course-v1:edX+One+2026"})
    coupons: set[str] = field(default_factory=set)
    on_sale: set[str] = field(default_factory=set)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    enrollments: dict[str, bool] = field(default_factory=dict)
    catalogue: set[str] = field(default_factory=lambda: {"course-v1:edX+One+2026"})
    unsold: set[str] = field(default_factory=set)
    """Courses without seats, which discovery does not index."""
    found_by_search: int | None = None
    """Number of courses; None: as many as the catalogue has."""
    refreshed: dict[str, Any] = field(
        default_factory=lambda: {"ended": True, "failed": "", "errors": [], "retried": ""}
    )
    """Result of a refresh of discovery."""
    indexed: int = 1
    """Number of courses in the index; sold or not, courses are documents since juniper."""
    partner: str = "DEMO"
    processors: tuple[str, ...] = ("test-card",)
    cron: str = f"OCIM-CRON: entry {JOB}\n"
    pages: dict[str, Answer] = field(default_factory=dict)
    """Answers by parts of addresses, in place of the usual ones."""
    asked: list[str] = field(default_factory=list)
    """The programs that were run."""
    killed: bool = False
    kill_at: str = ""
    """The program, or the part of an address, at which the process is killed."""

    # The shells.

    def ran(self, _host: str, argv: Sequence[str], stdin: str) -> Ran:
        line = argv[-1]
        if "crontab" in line or PREFIX in line:
            return Ran(0, self.cron)
        service = next((name for mark, name in SHELLS.items() if mark in line), "discovery")
        answers = [
            self.called(service, part["function"], part["arguments"])
            for part in json.loads(stdin)["parts"]
        ]
        return Ran(0, f"\n{RESULT}{json.dumps(answers)}\n")

    def called(self, service: str, function: str, given: dict[str, Any]) -> dict[str, Any]:
        self.maybe_die(f"{service}.{function}")
        self.asked.append(function)
        try:
            return {"result": getattr(self, f"{service}_{function}")(given)}
        except ValueError as error:
            return {"error": f"CommandError: {error}"}

    def maybe_die(self, where: str) -> None:
        """Raise Killed at the place to die at, and at every later request."""
        if self.killed or (self.kill_at and self.kill_at in where):
            self.killed = True
            raise Killed

    def lms_people(self, given: dict[str, Any]) -> None:
        self.users |= {item["username"]: item["password"] for item in given["people"]}

    def lms_courses(self, given: dict[str, Any]) -> list[str]:
        return sorted(key for key in self.courses if given["prefix"] in key)

    def lms_remove(self, given: dict[str, Any]) -> dict[str, Any]:
        gone = [name for name in self.users if name.startswith(given["prefix"])]
        for name in gone:
            del self.users[name]
        return {"gone": {"users": len(gone)} if gone else {}}

    def studio_create(self, given: dict[str, str]) -> str:
        key = "course-v1:{org}+{number}+{run}".format_map(given)
        self.courses.add(key)
        return f"Created {key}"

    def studio_delete(self, given: dict[str, Any]) -> dict[str, Any]:
        self.courses -= set(given["courses"])
        return {"gone": {"courses": len(given["courses"])}}

    def ecommerce_processors(self, _given: dict[str, Any]) -> dict[str, Any]:
        return {"listed": ["test-card", "paypal", "stripe"], "on": list(self.processors)}

    def ecommerce_orders(self, _given: dict[str, Any]) -> list[dict[str, Any]]:
        return list(self.orders.values())

    def ecommerce_clean(self, _given: dict[str, Any]) -> dict[str, Any]:
        gone = {"codes": len(self.coupons), "courses": len(self.on_sale)}
        self.coupons.clear()
        self.on_sale.clear()
        return {"gone": gone if any(gone.values()) else {}, "orders": sorted(self.orders)}

    def discovery_runs(self, _given: dict[str, Any]) -> dict[str, Any]:
        sold = self.catalogue - self.unsold
        return {"keys": sorted(self.catalogue), "indexed": len(sold), "partners": [self.partner]}

    def discovery_refresh(self, _given: dict[str, Any]) -> dict[str, Any]:
        self.catalogue |= self.courses
        return self.refreshed

    def discovery_run(self, given: dict[str, Any]) -> str:
        before, after = self.found_by_search, len(self.catalogue - self.unsold)
        changed = before not in (None, after) or self.indexed != len(self.catalogue)
        if len(given["argv"]) == 1 and changed:
            raise ValueError("Sanity check failed for the new index")
        self.indexed = len(self.catalogue)
        self.found_by_search = None
        return ""

    def discovery_clean(self, _given: dict[str, Any]) -> dict[str, Any]:
        return {"gone": {}}

    # The web.

    def answer(self, asked: Request) -> Answer:
        parts = urlsplit(asked.url)
        self.maybe_die(f"{asked.method} {asked.url}")
        for text, answer in self.pages.items():
            if text in asked.url:
                return answer
        for path, result in self.routes(parts.hostname or "").items():
            if parts.path.startswith(path):
                return result(
                    asked, {key: parse_q[0] for key, parse_q in parse_qs(parts.query).items()}
                )
        return Answer(404)

    def routes(self, host: str) -> dict[str, Callable[[Request, dict[str, str]], Answer]]:
        shop = "ecommerce" in host
        return {
            "/heartbeat": lambda *_: Answer(),
            "/health/": lambda *_: Answer(),
            "/user_api/": self.sign_in,
            "/oauth2/access_token": lambda *_: told(access_token=token()),
            "/login": lambda *_: Answer(302, location="/complete/edx-oauth2/"),
            "/complete/": lambda *_: Answer(302, location="/"),
            "/api/v2/partners/": lambda *_: told(results=[{"short_code": self.partner}]),
            "/api/v2/publication/": self.publish,
            "/api/v2/coupons/": self.make_coupon,
            "/api/v2/courses/": lambda *_: told(results=[SEAT]),
            "/api/v2/refunds/": self.refund,
            "/api/v2/orders/": lambda asked, _: Answer(text=json.dumps(self.order(asked))),
            "/api/commerce/": lambda *_: told(modes=[MODE]),
            "/api/courses/v1/courses/course-v1": lambda *_: told(id=""),
            "/api/courses/v1/courses/": self.courses_of_lms,
            "/api/enrollment/": self.enrollment,
            "/api/v1/course_runs/": lambda *_: told(),
            "/api/v1/search/": lambda *_: told(count=self.count()),
            "/basket/add/": lambda *_: Answer(),
            "/api/v2/baskets/": lambda *_: told(id=12, order=None, payment_data=None),
            "/bff/payment/v0/capture-context/": lambda *_: told(
                capture_context={"key_id": "pi_1_secret_2"}
            ),
            "/payment/stripe/": self.paid_by_script,
            "/payment/": lambda asked, _: self.bought(asked, "1.00"),
            "/coupons/redeem/": lambda asked, _: self.bought(asked, "0.00"),
            "/checkout/receipt/": lambda *_: Answer(),
            "/": lambda *_: Answer(302, location="https://x.example.com/") if shop else Answer(),
        }

    def count(self) -> int:
        sold = len(self.catalogue - self.unsold)
        return sold if self.found_by_search is None else self.found_by_search

    def sign_in(self, asked: Request, _query: dict[str, str]) -> Answer:
        if asked.method == "GET":
            return Answer(cookies={"csrftoken": "token"})
        self.buyer = asked.form["email"].partition("@")[0]
        return Answer() if self.users.get(self.buyer) == asked.form["password"] else Answer(403)

    def publish(self, asked: Request, _query: dict[str, str]) -> Answer:
        self.on_sale.add(f"course {asked.json['id']}")
        return Answer(201, "{}")

    def make_coupon(self, asked: Request, _query: dict[str, str]) -> Answer:
        if asked.method == "GET":
            return told(code="RANDOMCODE234567")
        if asked.json.get("code"):
            return Answer(400, '["Code may not be set for enrollment coupon."]')
        self.coupons.add(asked.json["title"])
        return told(coupon_id=1)

    def bought(self, asked: Request, total: str) -> Answer:
        number = f"{self.partner}-{100001 + len(self.orders)}"
        (course,) = (key for key in self.courses if "ocim-verify" in key)
        self.orders[number] = {
            "number": number,
            "username": self.buyer,
            "course": course,
            "owed": True,
            "status": "Complete",
            "total_excl_tax": total,
            "currency": "GBP",
        }
        self.enrollments[self.buyer] = True
        return Answer(302, location=f"/checkout/receipt/?order_number={number}")

    def paid_by_script(self, asked: Request, _query: dict[str, str]) -> Answer:
        """Take a payment at the address that a page's script asks, and answer with JSON."""
        wanted, name = (
            ({"stripe_token", "basket"}, "url")
            if "submit" in asked.url
            else ({"payment_intent_id", "skus"}, "receipt_page_url")
        )
        if set(asked.form) != wanted:
            return Answer(400, "{}")
        receipt = self.bought(asked, "1.00").location
        return Answer(201, json.dumps({name: f"https://ecommerce.campus-1.example.com{receipt}"}))

    def order(self, asked: Request) -> dict[str, Any]:
        return self.orders.get(asked.url.rstrip("/").rpartition("/")[2], {})

    def refund(self, asked: Request, _query: dict[str, str]) -> Answer:
        if asked.method == "PUT":
            return told(status="Complete")
        for order in self.orders.values():
            if order["username"] == asked.json["username"]:
                order["owed"] = False
                if order["total_excl_tax"] != "0.00":
                    self.enrollments[asked.json["username"]] = False
        return Answer(201, "[7]")

    def courses_of_lms(self, _asked: Request, _query: dict[str, str]) -> Answer:
        results = [{"id": key} for key in sorted(self.courses)]
        return told(results=results, pagination={"num_pages": 1})

    def enrollment(self, asked: Request, _query: dict[str, str]) -> Answer:
        who = asked.url.rpartition("/")[2].partition(",")[0]
        return told(mode="verified", is_active=self.enrollments.get(who, False))


SEAT = {
    "attribute_values": [{"name": "certificate_type", "value": "verified"}],
    "stockrecords": [{"id": 3, "partner_sku": SKU, "price_currency": "GBP"}],
}
MODE = {"name": "verified", "price": 1, "currency": "gbp"}


def told(**data: Any) -> Answer:
    return Answer(text=json.dumps(data))


def token(**claims: Any) -> str:
    payload = {"preferred_username": "ecommerce_worker", "administrator": True, **claims}
    middle = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    return f"header.{middle}.signature"
