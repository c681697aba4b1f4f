"""The page of an instance's ecommerce and discovery."""

from django.test import Client
from django.urls import reverse

from ocim.store.models import OpenEdXInstance, SearchServer, ServiceStep, Verification

KEYS = "paypal: {mode: sandbox, client_id: id, client_secret: the-paypal-secret}"


def save(client: Client, demo: OpenEdXInstance, **data: str) -> str:
    address = reverse("switch-services", args=[demo.pk])
    return client.post(address, data, follow=True).content.decode()


def page(client: Client, demo: OpenEdXInstance) -> str:
    return client.get(reverse("services", args=[demo.pk])).content.decode()


def test_a_shop_is_switched_on(admin: Client, demo: OpenEdXInstance) -> None:
    html = save(admin, demo, ecommerce="on", partner_code="ACME", currency="gbp", keys=KEYS)
    assert "Saved." in html
    demo.refresh_from_db()
    assert demo.configuration_extra_settings == "SANDBOX_ENABLE_ECOMMERCE: true\n"
    assert (demo.partner_code, demo.currency) == ("ACME", "GBP")


def test_keys_are_never_shown(admin: Client, demo: OpenEdXInstance) -> None:
    save(admin, demo, ecommerce="on", keys=KEYS)
    html = page(admin, demo)
    assert "the-paypal-secret" not in html
    assert 'aria-describedby="about-keys">\n</textarea>' in html


def test_keys_that_are_left_empty_stay(admin: Client, demo: OpenEdXInstance) -> None:
    save(admin, demo, ecommerce="on", keys=KEYS)
    save(admin, demo, ecommerce="on", keys="")
    demo.refresh_from_db()
    assert "the-paypal-secret" in demo.payment_processors


def test_what_is_not_ticked_is_switched_off(admin: Client, demo: OpenEdXInstance) -> None:
    save(admin, demo, ecommerce="on", keys=KEYS)
    save(admin, demo)
    demo.refresh_from_db()
    assert demo.configuration_extra_settings == "SANDBOX_ENABLE_ECOMMERCE: false\n"


def test_every_fault_is_told_and_nothing_saved(admin: Client, demo: OpenEdXInstance) -> None:
    html = save(admin, demo, ecommerce="on", discovery="on", keys="paypal:")
    assert "paypal needs values for mode" in html
    assert "no search server" in html
    demo.refresh_from_db()
    assert demo.configuration_extra_settings == ""


def test_what_was_typed_stays_in_a_form_with_faults(admin: Client, demo: OpenEdXInstance) -> None:
    typed = {"ecommerce": "on", "partner_code": "much too long", "keys": "paypal:"}
    response = admin.post(reverse("switch-services", args=[demo.pk]), typed)
    assert response.status_code == 422
    html = response.content.decode()
    assert 'name="ecommerce" checked' in html
    assert 'value="much too long"' in html
    assert ">\npaypal:</textarea>" in html


def test_a_service_that_lacks_something_can_be_switched_off(
    admin: Client, demo: OpenEdXInstance
) -> None:
    server = SearchServer.objects.create(
        name="search", kind="elasticsearch", host="127.0.0.1", port=9200
    )
    save(admin, demo, discovery="on")
    OpenEdXInstance.objects.update(search_server=None)
    server.delete()
    assert "Saved." in save(admin, demo)
    demo.refresh_from_db()
    assert demo.configuration_extra_settings == "SANDBOX_ENABLE_DISCOVERY: false\n"


def test_the_ledger_says_what_failed(admin: Client, demo: OpenEdXInstance) -> None:
    SearchServer.objects.create(name="search", kind="elasticsearch", host="127.0.0.1", port=9200)
    save(admin, demo, ecommerce="on", discovery="on")
    ServiceStep.objects.create(
        instance=demo, step="site", created_at="2026-05-04T12:00:00Z", failure="no such flag"
    )
    html = page(admin, demo)
    assert "no such flag" in html
    assert "2026-05-04 12:00" in html


def test_the_last_verification_is_shown_with_its_evidence(
    admin: Client, demo: OpenEdXInstance
) -> None:
    line = {
        "name": "ecommerce: partner", "outcome": "failed", "compared": "OTHER; expected ACME",
        "url": "https://shop.example.com/", "status": 200, "remedy": "Change it back.",
    }  # fmt: skip
    Verification.objects.create(instance=demo, started_at="2026-05-04T12:00:00Z", lines=[line])
    html = page(admin, demo)
    assert all(text in html for text in ("OTHER; expected ACME", "Change it back.", "not finished"))


def test_who_may_only_look_may_not_switch(guest: Client, demo: OpenEdXInstance) -> None:
    assert page(guest, demo)
    for name in ("switch-services", "set-up-services"):
        assert guest.post(reverse(name, args=[demo.pk])).status_code == 403


def test_setting_up_without_an_app_server_is_refused(admin: Client, demo: OpenEdXInstance) -> None:
    response = admin.post(reverse("set-up-services", args=[demo.pk]), follow=True)
    assert "No app server of" in response.content.decode()
