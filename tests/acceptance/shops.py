"""An instance with shop and catalogue on shared servers, and ways to look into it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from demo.engine import Engine
from demo.servers import PASSWORD, container
from ocim.adapters.browsers.http import HttpBrowsers
from tests.acceptance.customers import Customer
from tests.acceptance.installation import Installation, until

LONG = 1200.0
COURSE = "course-v1:Demo+SHOP101+now"
"""Key of the course that every shop sells."""
SELL = """
from ocim.operations.shop.demo import sell_a_course
from ocim.operations.shop.set_up import served_by
from ocim.store.models import OpenEdXInstance
from ocim.wiring import context
sell_a_course(served_by(OpenEdXInstance.objects.get(internal_lms_domain="{}")), context())
"""
ORDERS = """
from ocim.core.instance import Service
from ocim.operations.shop.set_up import served_by
from ocim.operations.shop.verify.clients import Caller
from ocim.operations.shop.verify.scene import Scene
from ocim.store.models import OpenEdXInstance
from ocim.wiring import context
scene = Scene(served_by(OpenEdXInstance.objects.get(internal_lms_domain="{}")), context())
with scene.browser() as browser:
    url = scene.url(Service.ECOMMERCE, "/api/v2/orders/?page_size=100")
    for order in Caller(scene, browser, Service.ECOMMERCE)("GET", url).data["results"]:
        print("ORDER", order["number"], order["status"], order["user"]["username"])
"""


@dataclass(frozen=True)
class Shop:
    """An instance with shop and catalogue, and ways to look into it."""

    installation: Installation
    engine: Engine
    domain: str

    def spawn(self, **fields: str) -> None:
        """Create the instance, let an app server serve it, and put a course on sale."""
        extra = self.installation.directory / f"{self.domain}.yml"
        extra.write_text(fields.pop("extra"))
        words = [f"{name}={value}" for name, value in fields.items()]
        self.installation.ocim(
            *("instance", "create", self.domain, "--database-server=mysql", *words),
            f"configuration_extra_settings=@{extra}",
        )
        self.installation.ocim("appserver", "spawn", self.domain, "--activate", timeout=LONG)
        self.installation.ocim("shell", "-c", SELL.format(self.domain))

    @contextmanager
    def customer(self, name: str) -> Iterator[Customer]:
        """Yield a new learner."""
        authority = self.installation.authority().read_text()
        names = [self.domain, f"ecommerce.{self.domain}"]
        with HttpBrowsers(lambda: authority).open(names, "127.0.0.1:443") as browser:
            yield Customer(browser, self.domain, name)

    def sell(self, name: str) -> str:
        """Let a new learner buy the course and have it; return the number of the order."""
        with self.customer(name) as customer:
            number = customer.buy(COURSE)
            until(lambda: customer.has(COURSE), f"{name} paid, and does not have the course")
            assert number in customer.receipt(number)
        return number

    def orders(self) -> dict[str, str]:
        """Return the state of each order in the books, as the shop's API has it."""
        output = self.installation.ocim("shell", "-c", ORDERS.format(self.domain))
        rows = [line.split(" ", 3) for line in output.splitlines() if line.startswith("ORDER ")]
        return {number: state for _, number, state, _ in rows}

    def verify(self) -> None:
        """Verify the services, with purchases; nothing may fail."""
        words = ("services", "verify", self.domain, "--purchase", "--json")
        report = json.loads(self.installation.run(*words, timeout=LONG).stdout)
        assert report["ok"], [line for line in report["lines"] if line["outcome"] == "failed"]

    def in_container(self, service: str, *argv: str) -> str:
        """Run a command in the service's container of the app server that serves."""
        return self.engine.docker("exec", self.container(service), *argv)

    def container(self, service: str) -> str:
        """Return the name of the service's container of the app server that serves."""
        names = self.engine.docker("ps", "--format", "{{.Names}}").split()
        [name] = [
            each
            for each in names
            if re.fullmatch(f"appserver-{self.active()}-.*-{service}-1", each)
        ]
        return name

    def active(self) -> int:
        """Return the id of the app server that serves."""
        rows = self.installation.json("appserver", "list", self.domain)
        [active] = [row["id"] for row in rows if row["active"]]
        return int(active)

    def query(self, text: str) -> set[str]:
        """Return the rows of a query on the shared database server."""
        program = (
            f"mysql --host=127.0.0.1 --user=root --password={PASSWORD} --batch --skip-column-names"
        )
        output = self.engine.docker(
            "exec", "--interactive", container("mysql"), "sh", "-c", program, stdin=text
        )
        return set(output.splitlines())

    def databases(self) -> dict[str, str]:
        """Return the names of the instance's databases by what they are for."""
        beginning = self.domain.replace(".", "_")
        names = self.query(f"show databases like '{beginning}%'")
        return {re.sub(rf"^{beginning}_[0-9a-f]+_", "", name): name for name in names}

    def clients(self) -> set[str]:
        """Return the OAuth clients at the LMS, with their secrets and users."""
        clients = f"`{self.databases()['edxapp']}`.oauth2_provider_application"
        return self.query(f"select client_id, client_secret, user_id from {clients}")  # noqa: S608
