"""Settings that the shop reads before it starts."""

from pathlib import Path

import pytest

from tests.ecommerce import configuration
from tests.processes import manage

ACME = {"acme": {"paypal": {"mode": "sandbox"}}}


@pytest.mark.parametrize("release, starts", [("olive.4", True), ("palm.1", False)])
def test_from_palm_on_it_does_not_start_without_stripes_keys_for_the_partner_edx(
    release: str, starts: bool, tmp_path: Path
) -> None:
    file = configuration.write(
        tmp_path,
        database=tmp_path / "ecommerce.sqlite3",
        ECOMMERCE_VERSION=release,
        PAYMENT_PROCESSOR_CONFIG=ACME,
    )
    ran = manage(file, "ecommerce", "check")
    assert (ran.returncode == 0) is starts
    assert ("KeyError: 'edx'" in ran.stderr) is not starts
