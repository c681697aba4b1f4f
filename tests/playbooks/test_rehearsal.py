"""The rehearsal platform from an image on a host of each kind, with an instance's variables.

Modules beside this one install it as a whole.
"""

import json
from collections.abc import Iterator, Mapping

import httpx
import pytest
from jwcrypto.jwk import JWK

from ocim.core.migrations import read_migrations
from ocim.core.provisioning import ProvisionOutcome
from ocim.core.secrets import Secret
from tests.nspawn_hosts import needs_nspawn
from tests.playbooks.conftest import REPOSITORY, AppServer, bare_app_server, bare_machine

LMS = "https://demo.localhost:8443"
REHEARSAL = REPOSITORY / "rehearsal"
KINDS = {"local": bare_app_server, "nspawn": bare_machine}


@pytest.fixture(
    params=[
        pytest.param(("local", "ironwood.2"), marks=pytest.mark.xdist_group("local rehearsal")),
        pytest.param(
            ("nspawn", "juniper.2"), marks=[needs_nspawn, pytest.mark.xdist_group("rehearsal")]
        ),
    ],
    ids="-".join,
    scope="module",
)
def rehearsal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[AppServer, Mapping[str, object]]]:
    """Yield a host that is made from the image for these variables."""
    kind, release = request.param
    with KINDS[kind](tmp_path_factory.mktemp("rehearsal"), REHEARSAL) as app_server:
        arguments = variables(app_server, release)
        app_server.make_anew_from_an_image(arguments)
        yield app_server, arguments


def variables(app_server: AppServer, release: str) -> Mapping[str, object]:
    key = JWK.generate(kty="RSA", size=2048, kid="demo", use="sig", alg="RS512")
    public = json.dumps({"keys": [json.loads(key.export_public())]})
    return {
        "edx_platform_version": f"opencraft-release/{release}",
        "openedx_release": f"open-release/{release}",
        "EDXAPP_EDXAPP_SECRET_KEY": Secret('a rather long secret key: it\'s "quoted" 50%'),
        "EDXAPP_LMS_ROOT_URL": LMS,
        "EDXAPP_PLATFORM_NAME": 'Demo\'s "Open" edX',
        "EDXAPP_EDX_API_KEY": Secret("edx-api-key"),
        "EDXAPP_TIME_ZONE": "UTC",
        "COMMON_JWT_SECRET_KEY": Secret("jwt-secret"),
        "COMMON_JWT_AUDIENCE": "lms-key",
        "COMMON_JWT_ISSUER": f"{LMS}/oauth2",
        "COMMON_JWT_PUBLIC_SIGNING_JWK_SET": public,
        "EDXAPP_JWT_PRIVATE_SIGNING_JWK": Secret(key.export_private()),
        "EDXAPP_ECOMMERCE_PUBLIC_URL_ROOT": "https://ecommerce.demo.localhost:8443",
        "EDXAPP_PAID_COURSE_REGISTRATION_CURRENCY": ["gbp", "£"],
        "EDXAPP_LMS_ENV_EXTRA": {"COURSE_MODE_DEFAULTS": {"sku": None, "slug": "honor"}},
        "edxapp_start_seconds": 60,
        "SANDBOX_ENABLE_ECOMMERCE": True,
        "ECOMMERCE_SECRET_KEY": Secret("the shop's own secret key"),
        "ECOMMERCE_VERSION": f"open-release/{release}",
        "ECOMMERCE_DATABASE_ENGINE": "django.db.backends.sqlite3",
        "ECOMMERCE_DATABASE_NAME": str(app_server.database.with_name("ecommerce.sqlite3")),
        "ECOMMERCE_ECOMMERCE_URL_ROOT": "https://ecommerce.demo.localhost:8443",
        "SANDBOX_ENABLE_DISCOVERY": True,
        "DISCOVERY_SECRET_KEY": Secret("discovery's own secret key"),
        "DISCOVERY_VERSION": f"open-release/{release}",
        "DISCOVERY_DATABASE_ENGINE": "django.db.backends.sqlite3",
        "DISCOVERY_DEFAULT_DB_NAME": str(app_server.database.with_name("discovery.sqlite3")),
        "DISCOVERY_URL_ROOT": "https://discovery.demo.localhost:8443",
    }


@pytest.fixture(scope="module")
def migrations(rehearsal: tuple[AppServer, Mapping[str, object]]) -> ProvisionOutcome:
    """Run the migrations on a fresh host, and return the outcome."""
    app_server, arguments = rehearsal
    outcome = app_server.run_migrations(arguments)
    programs = app_server.run("supervisorctl status || true").split()
    assert not {"lms", "cms", "ecommerce", "ecomworker", "discovery"} & set(programs)
    return outcome


def test_migrations_alone_migrate_each_database_and_say_so(migrations: ProvisionOutcome) -> None:
    assert migrations.ok, migrations.message
    result = {
        service: read_migrations(service, texts.plan, texts.log)
        for service, texts in migrations.migrations.items()
    }
    assert set(result) == {"edxapp", "ecommerce", "discovery"}
    for service, of_service in result.items():
        assert of_service, service
        assert all(item.seconds is not None for item in of_service)
        assert migrations.migrations[service].plan


def test_what_is_left_is_healthy_and_the_whole_would_not_change_it(
    rehearsal: tuple[AppServer, Mapping[str, object]], migrations: ProvisionOutcome
) -> None:
    app_server, arguments = rehearsal
    first = app_server.provision_instance_part(arguments)
    assert first.ok, first.message
    tasks = {event.task for event in app_server.events}
    assert not [task for task in tasks if task.startswith("virtual environment")]
    for address, domain in (
        ("8000/heartbeat", "demo.localhost:8443"),
        ("8010/heartbeat", "studio.demo.localhost:8443"),
        ("8130/health/", "ecommerce.demo.localhost:8443"),
        ("8381/health/", "discovery.demo.localhost:8443"),
    ):
        url = f"http://{app_server.host.address}:{address}"
        assert httpx.get(url, headers={"Host": domain}, timeout=20).status_code == 200
    second = app_server.provision(arguments)
    assert (second.ok, app_server.changed_tasks()) == (True, []), second.message


def test_a_search_server_can_be_made_of_each_kind_of_host(
    rehearsal: tuple[AppServer, Mapping[str, object]],
) -> None:
    app_server, _ = rehearsal
    password = 'the master\'s 50% "password"'
    for changes in (True, False):
        outcome = app_server.provision(
            {"ELASTICSEARCH_PASSWORD": Secret(password)}, playbook="search_server.yml"
        )
        assert outcome.ok, outcome.message
        assert bool(app_server.changed_tasks()) is changes
    url = f"http://{app_server.host.address}:9200/"
    answer = httpx.get(url, auth=("elastic", password), timeout=20)
    assert answer.json()["version"]["number"].startswith("7.17")
