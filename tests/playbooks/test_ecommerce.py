"""The rehearsal shop beside its LMS; test_rehearsal has both on a host of each kind."""

from collections.abc import Iterator, Mapping

import httpx
import pytest
import yaml

from ocim.core.provisioning import ProvisionOutcome
from ocim.core.secrets import Secret
from tests.playbooks.conftest import REPOSITORY, AppServer, bare_app_server

DOMAIN = "ecommerce.demo.localhost:8443"
CONFIGURATION = {"demo": {"test-card": {"secret_key": "a card's secret"}}}


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[AppServer, ProvisionOutcome]]:
    """Yield an app server with a shop, and the outcome of a run without its worker's key."""
    directory = tmp_path_factory.mktemp("shop")
    with bare_app_server(directory, REPOSITORY / "rehearsal") as app_server:
        wanted = variables(app_server)
        without = app_server.provision({**wanted, "ECOMMERCE_WORKER_JWT_SECRET_KEY": ""})
        outcome = app_server.provision(wanted)
        assert outcome.ok, outcome.message
        yield app_server, without


@pytest.fixture
def shop(runs: tuple[AppServer, ProvisionOutcome]) -> AppServer:
    return runs[0]


def variables(app_server: AppServer) -> Mapping[str, object]:
    return {
        "SANDBOX_ENABLE_ECOMMERCE": True,
        "ECOMMERCE_VERSION": "open-release/juniper.2",
        "ECOMMERCE_SECRET_KEY": Secret('a rather long secret key: it\'s "quoted" 50%'),
        "ECOMMERCE_DATABASE_ENGINE": "django.db.backends.sqlite3",
        "ECOMMERCE_DATABASE_NAME": str(app_server.database.with_name("ecommerce.sqlite3")),
        "ECOMMERCE_ECOMMERCE_URL_ROOT": f"https://{DOMAIN}",
        "ECOMMERCE_OSCAR_DEFAULT_CURRENCY": "GBP",
        "ECOMMERCE_PAYMENT_PROCESSOR_CONFIG": CONFIGURATION,
        "EDXAPP_LMS_ROOT_URL": "https://demo.localhost:8443",
        "COMMON_JWT_SECRET_KEY": Secret("the secret of tokens that the worker signs"),
        "edxapp_start_seconds": 60,
    }


def test_the_shop_is_healthy(shop: AppServer) -> None:
    url = f"http://{shop.host.address}:8130/health/"
    answer = httpx.get(url, headers={"Host": DOMAIN}, timeout=20)
    assert answer.json()["overall_status"] == "OK"


def test_its_settings_are_kept_from_other_users(shop: AppServer) -> None:
    path = shop.path("/edx/etc/ecommerce.yml")
    assert path.stat().st_mode & 0o007 == 0
    assert yaml.safe_load(path.read_text())["PAYMENT_PROCESSOR_CONFIG"] == CONFIGURATION


def test_its_commands_run_as_upstream_writes_them(shop: AppServer) -> None:
    home = f"{shop.host.root}/edx/app/ecommerce"
    as_documented = (
        f". {home}/ecommerce_env; . {home}/venvs/ecommerce/bin/activate;"
        f" cd {home}/ecommerce; python manage.py migrate --noinput"
    )
    assert "No migrations to apply" in shop.run(as_documented)
    by_command = f". {home}/ecommerce_env; {shop.host.root}/edx/bin/manage.ecommerce showmigrations"
    assert "[X] 0003_defaults" in shop.run(f"{by_command} core")


def test_its_worker_runs_and_shares_the_queue_with_it(shop: AppServer) -> None:
    assert int(shop.run("supervisorctl pid ecomworker")) > 0
    assert " ready." in shop.path("/edx/var/log/supervisor/ecomworker-stderr.log").read_text()
    own = yaml.safe_load(shop.path("/edx/etc/ecomworker.yml").read_text())
    broker = yaml.safe_load(shop.path("/edx/etc/ecommerce.yml").read_text())["BROKER_URL"]
    assert own["BROKER_URL"] == broker == f"filesystem://:@{shop.host.root}/edx/var/celery"
    assert shop.path("/edx/var/celery/messages").is_dir()
    assert own["ECOMMERCE_API_ROOT"] == f"https://{DOMAIN}/api/v2/"


def test_a_worker_that_cannot_start_fails_with_what_it_says(
    runs: tuple[AppServer, ProvisionOutcome],
) -> None:
    _shop, without = runs
    assert (without.ok, without.failed_task) == (False, "run the services")
    assert "JWT_SECRET_KEY is missing" in without.message
