import io
import sys
from pathlib import Path

import pytest

from ocim.adapters.memory.search import MemorySearchServer
from ocim.core.secrets import Secret
from ocim.store.models import OpenEdXInstance
from tests.console.conftest import CAMPUS, Installation
from tests.service_shells import ServiceShells

URL = "http://search.example.com:9200"
KEYS = "paypal: {mode: sandbox, client_id: id, client_secret: the-paypal-secret}\n"
ENABLE = ("services", "enable", CAMPUS, "ecommerce", "discovery", "--partner-code", "ACME")


@pytest.fixture
def shells(ocim: Installation) -> ServiceShells:
    shells = ServiceShells()
    ocim.provider.cloud.answer = shells
    return shells


@pytest.fixture
def campus(ocim: Installation, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return an instance, with a search server."""
    ocim.search.servers[f"{URL}/"] = MemorySearchServer(password=Secret("secret"))
    monkeypatch.setenv("OCIM_SEARCH_PASSWORD", "secret")
    assert ocim("search-server", "register", "main", URL).status == 0
    return ocim.campus()


@pytest.fixture
def served(ocim: Installation, campus: int, shells: ServiceShells) -> int:
    """Return an instance with both services on an app server."""
    assert ocim(*ENABLE, "--processor", "test-card").status == 0
    return ocim.served(campus)


def test_both_services_are_switched_on_with_a_partner_a_currency_and_keys(
    ocim: Installation, campus: int, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.yml"
    keys.write_text(KEYS)
    ran = ocim(*ENABLE, "--currency", "GBP", "--keys", f"@{keys}")
    assert (ran.status, ran.err) == (0, "")
    assert "Enabled ecommerce and discovery." in ran.out
    shown = ocim("config", "show", campus, "--json").json
    assert "the-paypal-secret" not in str(shown)
    result = OpenEdXInstance.objects.get()
    assert result.configuration_extra_settings == (
        "SANDBOX_ENABLE_ECOMMERCE: true\nSANDBOX_ENABLE_DISCOVERY: true\n"
    )
    assert (result.partner_code, result.currency) == ("ACME", "GBP")
    assert "the-paypal-secret" in result.payment_processors


def test_keys_come_by_standard_input(
    ocim: Installation, campus: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(KEYS))
    assert ocim(*ENABLE, "--keys", "-").status == 0
    assert "the-paypal-secret" in OpenEdXInstance.objects.get().payment_processors


def test_what_would_break_later_is_refused_at_once_and_nothing_is_changed(
    ocim: Installation,
) -> None:
    ocim.campus()
    ran = ocim(*ENABLE, "--processor", "paypal")
    assert ran.status == 1
    assert "paypal needs values for mode, client_id, client_secret." in ran.err
    assert "no search server" in ran.err
    result = OpenEdXInstance.objects.get()
    assert (result.configuration_extra_settings, result.partner_code) == ("", "")


def test_a_partner_code_is_used_once_in_the_fleet(ocim: Installation, campus: int) -> None:
    assert ocim(*ENABLE).status == 0
    other = ocim.campus(domain="other.example.com")
    ran = ocim("services", "enable", other, "ecommerce", "--partner-code", "acme")
    assert ran.status == 1
    assert "partner_code: acme is that of" in ran.err


def test_a_shop_without_a_processor_is_warned_of(ocim: Installation, campus: int) -> None:
    assert "Warning: No payment processor" in ocim(*ENABLE).out


def test_switching_off_leaves_the_other_on(ocim: Installation, campus: int) -> None:
    ocim(*ENABLE)
    assert ocim("services", "disable", campus, "ecommerce").status == 0
    assert OpenEdXInstance.objects.get().configuration_extra_settings == (
        "SANDBOX_ENABLE_ECOMMERCE: false\nSANDBOX_ENABLE_DISCOVERY: true\n"
    )


def test_status_exits_with_1_where_something_is_owed(ocim: Installation, served: int) -> None:
    ran = ocim("services", "status", CAMPUS, "--json")
    assert ran.status == 1
    states = {row["step"]: row["state"] for row in ran.json}
    assert states["site"] == "pending"
    assert states["job"] == "done"
    assert "Set-up steps that are not done: 8 of 9." in ran.err


def test_a_dry_run_says_what_would_be_done_without_secrets(
    ocim: Installation, served: int, shells: ServiceShells
) -> None:
    made = next(argv for argv in shells.argvs if argv[0] == "create_dot_application")
    secret = made[made.index("--client-secret") + 1]
    shells.argvs.clear()
    ran = ocim("services", "setup", CAMPUS, "--dry-run", "--step", "clients")
    assert "create_dot_application ecommerce-sso ecommerce_worker" in ran.out
    assert secret not in ran.out
    assert shells.argvs == []


def test_setup_does_what_is_owed(ocim: Installation, served: int, shells: ServiceShells) -> None:
    shells.argvs.clear()
    ran = ocim("services", "setup", CAMPUS, "--step", "site")
    assert (ran.status, ran.err) == (0, "")
    assert [argv[0] for argv in shells.argvs] == ["create_or_update_site"]


def test_a_runbook_is_for_a_person_and_looks_at_nothing(
    ocim: Installation, served: int, shells: ServiceShells
) -> None:
    shells.argvs.clear()
    ran = ocim("services", "runbook", CAMPUS)
    assert "# site: site, partner and sign-on" in ran.out
    assert "/admin/commerce/commerceconfiguration/add/" in ran.out
    assert "********" in ran.out
    assert shells.argvs == []


def test_without_services_there_is_nothing_to_see(
    ocim: Installation, shells: ServiceShells
) -> None:
    ocim.served(ocim.campus())
    ran = ocim("services", "status", CAMPUS)
    assert ran.status == 0
    assert "has neither ecommerce nor discovery. Enable them with: ocim services" in ran.out
