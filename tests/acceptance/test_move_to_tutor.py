"""Shops by Tutor: one that comes from Ansible and goes back, and a new one. MOVE=1 runs them.

Nothing here is a guard of the suite: it takes ten minutes.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from demo.engine import Engine
from demo.servers import PREFIX, SERVERS
from tests.acceptance.installation import Installation, until
from tests.acceptance.pictures import PICTURE, Learner
from tests.acceptance.shops import COURSE, LONG, Shop
from tests.acceptance.traffic import Traffic, Visitor
from tests.acceptance.tutors import left_of, note, of_all_releases, shared_servers, tutors
from tests.docker_engine import needs_docker
from tests.rehearsal_images import images

pytestmark = [
    needs_docker,
    pytest.mark.skipif(not os.environ.get("MOVE"), reason="MOVE is not set"),
    pytest.mark.xdist_group("docker"),
    pytest.mark.timeout(3600),
]
NATIVE, TUTORS = "open-release/redwood.3", "open-release/sumac.3"
SHOP = """
SANDBOX_ENABLE_ECOMMERCE: true
SANDBOX_ENABLE_DISCOVERY: true
EDXAPP_XQUEUE_WORKERS_PER_QUEUE: 2
ECOMMERCE_PAYMENT_PROCESSOR_CONFIG: {{{partner}: {{test-card: {{secret_key: of a card}}}}}}
"""
IMAGES = {
    "TUTOR_DOCKER_IMAGE_OPENEDX": "openedx:sumac",
    # Sumac's cannot read the prices of its shop.
    "TUTOR_DISCOVERY_DOCKER_IMAGE": "discovery:teak",
    "TUTOR_ECOMMERCE_DOCKER_IMAGE": "ecommerce:sumac",
    "TUTOR_ECOMMERCE_WORKER_DOCKER_IMAGE": "ecommerce-worker:sumac",
    "TUTOR_MFE_DOCKER_IMAGE": "mfe:latest",
}


@pytest.fixture(scope="module")
def addresses(engine: Engine) -> Iterator[dict[str, str]]:
    """Yield the addresses of the shared servers, once all images are there."""
    always = (f"{name}:latest" for name in ("caddy", "permissions", *SERVERS))
    images(engine, *IMAGES.values(), *always)
    with shared_servers(engine, brokers=2) as addresses:
        yield addresses


@pytest.fixture(scope="module")
def installation(
    engine: Engine, addresses: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with tutors(engine, addresses, tmp_path_factory.mktemp("move")) as running:
        yield running


def settings(addresses: dict[str, str], partner: str) -> str:
    """Return the extra settings of a shop by Tutor."""
    chosen = "".join(f"{name}: {PREFIX}/{image}\n" for name, image in IMAGES.items())
    return f"TUTOR_PLUGINS: []{SHOP.format(partner=partner)}{of_all_releases(addresses)}{chosen}"


def test_a_shop_goes_from_ansible_to_tutor_and_back(
    installation: Installation, engine: Engine, addresses: dict[str, str]
) -> None:
    shop = Shop(installation, engine, "campus.example.com")
    shop.spawn(
        openedx_release=NATIVE,
        edx_platform_commit=NATIVE,
        partner_code="CAMPUS",
        currency="GBP",
        extra=SHOP.format(partner="campus"),
    )
    native, clients = shop.active(), shop.clients()
    before = shop.sell("berta")
    with Visitor(installation, shop.domain) as visitor:
        learner = Learner(visitor, "lena")
        assert learner.upload().status_code == httpx.codes.NO_CONTENT
        picture = learner.address()

        plan = moved(shop, settings(addresses, "campus"))

        assert learner.address() == picture
        assert learner.picture() == PICTURE
    for lost in ("EDXAPP_XQUEUE_WORKERS_PER_QUEUE", shop.databases()["edxapp_csmh"], "MongoDB"):
        assert re.search(rf"Note on {shop.domain}.*{lost}", plan), plan
    assert clients <= shop.clients()
    code = "from django.conf import settings; print(list(settings.DATABASES))"
    assert "['default']" in shop.in_container("lms", "./manage.py", "lms", "shell", "-c", code)
    shop.verify()
    after = queued(shop, "mara")
    assert {shop.orders()[number] for number in (before, after)} == {"Complete"}

    undone(shop, native)

    assert {shop.orders()[number] for number in (before, after)} == {"Complete"}
    shop.sell("nora")
    shop.verify()
    installation.ocim("instance", "archive", shop.domain, "--yes", timeout=LONG)
    assert not any("appserver" in name for name in left_of(engine))
    assert installation.json("host", "list") == []


def test_a_new_shop_by_tutor_is_well(
    installation: Installation, engine: Engine, addresses: dict[str, str]
) -> None:
    shop = Shop(installation, engine, "new.example.com")
    shop.spawn(
        openedx_release=TUTORS,
        edx_platform_commit=TUTORS,
        currency="EUR",
        extra=settings(addresses, "openedx"),
    )
    shop.verify()
    number = queued(shop, "otto")
    assert shop.orders()[number] == "Complete"
    basket_at_microfrontend(shop)
    shop.verify()
    assert {row["state"] for row in installation.json("services", "status", shop.domain)} == {
        "done"
    }
    installation.ocim("instance", "archive", shop.domain, "--yes", timeout=LONG)
    assert not any("appserver" in name for name in left_of(engine))


@contextmanager
def visited(shop: Shop) -> Iterator[None]:
    """Let visitors of LMS and shop come all the time; none of them may get an error."""
    lms = Traffic(shop.installation, shop.domain, visitors=2)
    sales = Traffic(shop.installation, f"ecommerce.{shop.domain}", path="/health/", visitors=2)
    with lms, sales:
        until(lambda: lms.answers and sales.answers, "nothing answers")
        yield
        seen = lms.answers.total(), sales.answers.total()
        until(lambda: lms.answers.total() > seen[0] + 20, "nothing answers any more")
        until(lambda: sales.answers.total() > seen[1] + 20, "the shop does not answer any more")
    note(f"{lms.answers}, {sales.answers}, longest {max(lms.longest, sales.longest):.1f} s")
    assert lms.failures + sales.failures == []


def moved(shop: Shop, extra: str) -> str:
    """Move the shop to Tutor while visitors come; return the plan."""
    changes = {
        "provisioner": "tutor",
        "provider": "docker",
        "openedx_release": TUTORS,
        "edx_platform_commit": TUTORS,
        "configuration_extra_settings": extra,
    }
    update = shop.installation.directory / "update.json"
    update.write_text(json.dumps(changes))
    words = (
        *("redeploy", "--tag=to-tutor", f"--filter={{internal_lms_domain: {shop.domain}}}"),
        f"--update=@{update}",
    )
    plan = shop.installation.ocim(*words, "--show-instances")
    with visited(shop):
        shop.installation.ocim(*words, "--force", timeout=LONG)
    return plan


def queued(shop: Shop, name: str) -> str:
    """Sell the course so that only the worker's container can fulfill the order."""
    manage = ("./manage.py", "waffle_sample", "async_order_fulfillment", "100")
    shop.in_container("ecommerce", *manage)
    worker = shop.container("ecommerce-worker")
    shop.engine.docker("stop", worker)
    with shop.customer(name) as customer:
        number = customer.buy(COURSE)
        assert shop.orders()[number] == "Open"
        shop.engine.docker("start", worker)
        until(lambda: customer.has(COURSE), "the worker does not fulfill the order")
    return number


def basket_at_microfrontend(shop: Shop) -> None:
    """Send buyers to the microfrontend for payments, as an operator does in the shop's admin.

    It is at the name of the LMS's previews.
    """
    code = (
        "from django.apps import apps;"
        "apps.get_model('core', 'SiteConfiguration').objects.update("
        f"payment_microfrontend_url='https://preview.{shop.domain}/payment/',"
        " enable_microfrontend_for_basket_page=True)"
    )
    shop.in_container("ecommerce", "./manage.py", "shell", "-c", code)


def undone(shop: Shop, native: int) -> None:
    """Let the old app server serve again while visitors come."""
    with visited(shop):
        shop.installation.ocim("rollout", "undo", "1", "--yes")
        until(lambda: shop.active() == native, shop.installation.log()[-3000:])
