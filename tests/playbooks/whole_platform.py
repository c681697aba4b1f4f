"""A platform with all services on one host, made from an image: stand-ins of all services."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from jwcrypto.jwk import JWK

from ocim.catalog import discovery_job
from ocim.core.instance import Database
from ocim.core.provisioning import ProvisionOutcome
from ocim.core.secrets import Secret
from tests.playbooks.app_servers import AppServer, bare_app_server

LMS = "https://demo.localhost:8443"
SHOP = "ecommerce.demo.localhost:8443"
DISCOVERY = "discovery.demo.localhost:8443"
PASSWORD = 'the master\'s 50% "password"'
CARDS = {"demo": {"test-card": {"secret_key": "a card's secret"}}}
RUNNING = "supervisorctl status || true"


@dataclass
class WholePlatform:
    """A host with all services, and how each run of the playbooks on it ended."""

    app_server: AppServer
    migrations: ProvisionOutcome
    programs_after_them: set[str]
    without_key: ProvisionOutcome
    """Outcome of a run of what an image leaves, in which the shop's worker had no key."""
    tasks: set[str]
    """Tasks of that run."""
    with_key: ProvisionOutcome
    """Outcome of a run of the whole playbook after it."""
    changes: list[str]
    """Tasks that changed something in that run."""


def assert_healthy(app_server: AppServer) -> None:
    """Assert that each service answers under its name."""
    for address, domain in (
        ("8000/heartbeat", "demo.localhost:8443"),
        ("8010/heartbeat", "studio.demo.localhost:8443"),
        ("8130/health/", SHOP),
        ("8381/health/", DISCOVERY),
    ):
        url = f"http://{app_server.host.address}:{address}"
        assert httpx.get(url, headers={"Host": domain}, timeout=20).status_code == 200


@contextmanager
def whole_platform(release: str, directory: Path) -> Iterator[WholePlatform]:
    """Yield a local host on which all has run but one program, and then the whole playbook."""
    with bare_app_server(directory) as app_server:
        wanted = whole_variables(app_server, release)
        app_server.make_anew_from_an_image(wanted)
        migrations = app_server.run_migrations(wanted)
        programs = set(app_server.run(RUNNING).split())
        keyless = {**wanted, "ECOMMERCE_WORKER_JWT_SECRET_KEY": ""}
        without_key = app_server.provision_instance_part(keyless)
        tasks = {event.task for event in app_server.events}
        with_key = app_server.provision(wanted)
        changes = app_server.changed_tasks()
        yield WholePlatform(app_server, migrations, programs, without_key, tasks, with_key, changes)


def whole_variables(app_server: AppServer, release: str) -> Mapping[str, object]:
    """Return the variables of an instance with all services."""
    key = JWK.generate(kty="RSA", size=2048, kid="demo", use="sig", alg="RS512")
    public = json.dumps({"keys": [json.loads(key.export_public())]})
    password = httpx.URL(password=PASSWORD).userinfo.decode()[1:]
    return {
        "edx_platform_version": f"opencraft-release/{release}",
        "openedx_release": f"open-release/{release}",
        "EDXAPP_EDXAPP_SECRET_KEY": Secret('a rather long secret key: it\'s "quoted" 50%'),
        "EDXAPP_LMS_ROOT_URL": LMS,
        "EDXAPP_PLATFORM_NAME": 'Demo\'s "Open" edX',
        "EDXAPP_EDX_API_KEY": Secret("edx-api-key"),
        "EDXAPP_TIME_ZONE": "UTC",
        "COMMON_JWT_SECRET_KEY": Secret("the secret of tokens that the worker signs"),
        "COMMON_JWT_AUDIENCE": "lms-key",
        "COMMON_JWT_ISSUER": f"{LMS}/oauth2",
        "COMMON_JWT_PUBLIC_SIGNING_JWK_SET": public,
        "EDXAPP_JWT_PRIVATE_SIGNING_JWK": Secret(key.export_private()),
        "EDXAPP_ECOMMERCE_PUBLIC_URL_ROOT": f"https://{SHOP}",
        "EDXAPP_PAID_COURSE_REGISTRATION_CURRENCY": ["gbp", "£"],
        "EDXAPP_LMS_ENV_EXTRA": {"COURSE_MODE_DEFAULTS": {"sku": None, "slug": "honor"}},
        "edxapp_start_seconds": 60,
        "SANDBOX_ENABLE_ECOMMERCE": True,
        "ECOMMERCE_SECRET_KEY": Secret("the shop's own secret key: it's \"quoted\" 50%"),
        "ECOMMERCE_VERSION": f"open-release/{release}",
        "ECOMMERCE_DATABASE_ENGINE": "django.db.backends.sqlite3",
        "ECOMMERCE_DATABASE_NAME": str(app_server.database.with_name("ecommerce.sqlite3")),
        "ECOMMERCE_ECOMMERCE_URL_ROOT": f"https://{SHOP}",
        "ECOMMERCE_OSCAR_DEFAULT_CURRENCY": "GBP",
        "ECOMMERCE_PAYMENT_PROCESSOR_CONFIG": CARDS,
        "SANDBOX_ENABLE_DISCOVERY": True,
        "DISCOVERY_SECRET_KEY": Secret("discovery's own secret key: it's \"quoted\" 50%"),
        "DISCOVERY_VERSION": f"open-release/{release}",
        "DISCOVERY_DATABASE_ENGINE": "django.db.backends.sqlite3",
        "DISCOVERY_DEFAULT_DB_NAME": str(app_server.database.with_name("discovery.sqlite3")),
        "DISCOVERY_HOURLY_COMMAND": discovery_job.command(
            "./manage.discovery",
            Database("sqlite", str(app_server.database.with_name("discovery.sqlite3"))),
        ),
        "DISCOVERY_URL_ROOT": f"https://{DISCOVERY}",
        "DISCOVERY_ELASTICSEARCH_INDEX_NAME": "demo_catalog",
        "DISCOVERY_ELASTICSEARCH_URL": Secret(
            f"http://elastic:{password}@{app_server.host.address}:9200/"
        ),
    }
