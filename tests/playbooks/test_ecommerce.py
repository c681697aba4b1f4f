"""The shop on the app server of an instance."""

import pytest
import yaml

from tests.campus import Campus
from tests.specification import SETTINGS

pytestmark = [pytest.mark.xdist_group("services"), pytest.mark.timeout(1500)]


def test_its_settings_are_kept_from_other_users(shop_campus: Campus) -> None:
    path = shop_campus.root / "edx/etc/ecommerce.yml"
    assert path.stat().st_mode & 0o007 == 0
    processors = yaml.safe_load(path.read_text())["PAYMENT_PROCESSOR_CONFIG"]
    assert processors == yaml.safe_load(SETTINGS)["ECOMMERCE_PAYMENT_PROCESSOR_CONFIG"]


def test_its_commands_run_as_upstream_writes_them(shop_campus: Campus) -> None:
    home = shop_campus.root / "edx/app/ecommerce"
    as_documented = (
        f". {home}/ecommerce_env; . {home}/venvs/ecommerce/bin/activate;"
        f" cd {home}/ecommerce; python manage.py migrate --noinput"
    )
    assert "No migrations to apply" in shop_campus.shell(as_documented)
    by_command = f". {home}/ecommerce_env; {shop_campus.root}/edx/bin/manage.ecommerce"
    assert "[X] 0003_defaults" in shop_campus.shell(f"{by_command} showmigrations core")
