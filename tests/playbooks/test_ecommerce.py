"""The rehearsal shop beside its LMS."""

import httpx
import pytest
import yaml

from tests.playbooks.whole_platform import CARDS, SHOP, WholePlatform

pytestmark = [pytest.mark.xdist_group("local rehearsal"), pytest.mark.timeout(900)]


def test_the_shop_is_healthy(whole: WholePlatform) -> None:
    url = f"http://{whole.app_server.host.address}:8130/health/"
    answer = httpx.get(url, headers={"Host": SHOP}, timeout=20)
    assert answer.json()["overall_status"] == "OK"


def test_its_settings_are_kept_from_other_users(whole: WholePlatform) -> None:
    path = whole.app_server.path("/edx/etc/ecommerce.yml")
    assert path.stat().st_mode & 0o007 == 0
    assert yaml.safe_load(path.read_text())["PAYMENT_PROCESSOR_CONFIG"] == CARDS


def test_its_commands_run_as_upstream_writes_them(whole: WholePlatform) -> None:
    home = f"{whole.app_server.host.root}/edx/app/ecommerce"
    as_documented = (
        f". {home}/ecommerce_env; . {home}/venvs/ecommerce/bin/activate;"
        f" cd {home}/ecommerce; python manage.py migrate --noinput"
    )
    assert "No migrations to apply" in whole.app_server.run(as_documented)
    edx = f"{whole.app_server.host.root}/edx"
    by_command = f". {home}/ecommerce_env; {edx}/bin/manage.ecommerce showmigrations"
    assert "[X] 0003_defaults" in whole.app_server.run(f"{by_command} core")


def test_its_worker_runs_and_shares_the_queue_with_it(whole: WholePlatform) -> None:
    assert int(whole.app_server.run("supervisorctl pid ecomworker")) > 0
    assert (
        " ready."
        in whole.app_server.path("/edx/var/log/supervisor/ecomworker-stderr.log").read_text()
    )
    own = yaml.safe_load(whole.app_server.path("/edx/etc/ecomworker.yml").read_text())
    broker = yaml.safe_load(whole.app_server.path("/edx/etc/ecommerce.yml").read_text())[
        "BROKER_URL"
    ]
    assert (
        own["BROKER_URL"] == broker == f"filesystem://:@{whole.app_server.host.root}/edx/var/celery"
    )
    assert whole.app_server.path("/edx/var/celery/messages").is_dir()
    assert own["ECOMMERCE_API_ROOT"] == f"https://{SHOP}/api/v2/"


def test_a_worker_that_cannot_start_fails_with_what_it_says(whole: WholePlatform) -> None:
    without = whole.without_key
    assert (without.ok, without.failed_task) == (False, "run the services")
    assert "JWT_SECRET_KEY is missing" in without.message
