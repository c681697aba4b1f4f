import pytest

from ocim.core.mail import MailRelay
from ocim.core.secrets import Secret
from tests.catalog.instances import full, variables

RELAY = MailRelay("mail.example.com", 587, True, "me", Secret("pw"))
ACCOUNT = {
    "EMAIL_HOST": "mail.example.com",
    "EMAIL_PORT": 587,
    "EMAIL_USE_TLS": True,
    "EMAIL_HOST_USER": "me",
    "EMAIL_HOST_PASSWORD": Secret("pw"),
}


@pytest.mark.parametrize("prefix", ["EDXAPP_", "DISCOVERY_"])
def test_services_get_the_relay_by_upstreams_names(prefix: str) -> None:
    result = variables(full(mail=RELAY))
    assert {name: result[f"{prefix}{name}"] for name in ACCOUNT} == ACCOUNT


@pytest.mark.parametrize("release, known", [("koa.3", False), ("lilac.1", True)])
def test_ecommerce_gets_it_from_the_release_on_that_takes_further_settings(
    release: str, known: bool
) -> None:
    result = variables(full(mail=RELAY, openedx_release=f"open-release/{release}",
                            edx_platform_commit=""))  # fmt: skip
    assert result.get("ECOMMERCE_EXTRA_CONFIG_OVERRIDES") == (ACCOUNT if known else None)


def test_an_operator_chooses_another_relay_for_an_instance() -> None:
    result = variables(full(mail=RELAY), EDXAPP_EMAIL_HOST="other.example.com")
    assert result["EDXAPP_EMAIL_HOST"] == "other.example.com"


def test_without_a_relay_nothing_is_said_of_mail() -> None:
    assert not {name for name in variables(full()) if "EMAIL_HOST" in name}
