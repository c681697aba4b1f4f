from dataclasses import replace

import pytest

from ocim.catalog.endpoints import ENDPOINTS, probes, public_probes, public_url, upstream
from ocim.core.health import Probe, ProbeResult, verdict
from ocim.core.instance import Service
from tests.catalog.instances import DOMAINS, instance

EXTERNAL = replace(DOMAINS, external={"lms": ("learn.example.com", "www.example.com")})


def test_every_service_has_an_endpoint() -> None:
    assert set(ENDPOINTS) == set(Service)


@pytest.mark.parametrize(
    "service, one_port, expected",
    [
        (Service.LMS, False, "127.1.2.3:8000"),
        (Service.STUDIO, False, "127.1.2.3:8010"),
        (Service.ECOMMERCE, False, "127.1.2.3:8130"),
        (Service.DISCOVERY, False, "127.1.2.3:8381"),
        (Service.DISCOVERY, True, "127.1.2.3:80"),
    ],
)
def test_a_service_is_reached_at_its_port_or_at_that_of_all(
    service: Service, one_port: bool, expected: str
) -> None:
    assert upstream(service, "127.1.2.3", one_port=one_port) == expected


@pytest.mark.parametrize(
    "port, url", [(8443, "https://demo.localhost:8443"), (443, "https://demo.localhost")]
)
def test_a_public_address_has_the_port_where_it_is_not_that_of_https(port: int, url: str) -> None:
    assert public_url(instance(public_port=port), Service.LMS) == url


def test_people_see_the_first_external_name() -> None:
    with_external = instance(domains=EXTERNAL, public_port=443)
    assert public_url(with_external, Service.LMS) == "https://learn.example.com"
    assert public_url(with_external, Service.STUDIO) == "https://studio.demo.localhost"


def test_a_host_is_asked_under_the_public_names() -> None:
    heartbeat = Probe("", "", expect_type="application/json", expect_statuses=True)
    lms, studio = "demo.localhost:8443", "studio.demo.localhost:8443"
    assert probes(instance(), "127.1.2.3") == (
        replace(heartbeat, name="lms", url=f"http://{lms}/heartbeat", connect_to="127.1.2.3:8000"),
        replace(
            heartbeat, name="studio", url=f"http://{studio}/heartbeat", connect_to="127.1.2.3:8010"
        ),
    )


def test_the_balancer_is_asked_over_tls() -> None:
    lms, studio = public_probes(instance(), "127.0.0.1:8443")
    assert (lms.url, lms.connect_to) == (
        "https://demo.localhost:8443/heartbeat",
        "127.0.0.1:8443",
    )
    assert studio.url == "https://studio.demo.localhost:8443/heartbeat"


def test_every_enabled_service_is_asked() -> None:
    everything = instance(services=frozenset(Service))
    urls = [probe.url for probe in probes(everything, "10.0.0.1", one_port=True)]
    assert urls[2:] == [
        "http://ecommerce.demo.localhost:8443/health/",
        "http://discovery.demo.localhost:8443/health/",
    ]
    assert len(public_probes(everything, "10.0.0.2:443")) == len(urls) == 4


@pytest.mark.parametrize(
    "service, body",
    [
        (Service.LMS, '{"modulestore": {"status": true}, "sql": {"status": true}}'),
        (Service.LMS, '{"SQL": true, "split": true}'),
        (Service.STUDIO, '{"release": "juniper", "sql": {"status": true, "message": "OK"}}'),
        (Service.ECOMMERCE, '{"overall_status": "OK", "detailed_status": {}}'),
        (Service.DISCOVERY, '{"overall_status": "OK"}'),
    ],
)
def test_what_releases_of_a_service_answer_is_right(service: Service, body: str) -> None:
    assert judged(service, body, "application/json") == ()


@pytest.mark.parametrize("service", Service)
@pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream", ""])
def test_a_health_page_of_another_kind_is_wrong(service: Service, content_type: str) -> None:
    assert any("not application/json" in reason for reason in judged(service, "{}", content_type))


@pytest.mark.parametrize("service", Service)
@pytest.mark.parametrize("content_type", ["", "application/json"])
def test_an_empty_answer_is_wrong_as_a_proxy_gives_it_for_unknown_names(
    service: Service, content_type: str
) -> None:
    assert judged(service, "", content_type)


@pytest.mark.parametrize(
    "service, body",
    [
        (Service.LMS, '{"sql": {"status": false, "message": "gone away"}}'),
        (Service.LMS, '{"overall_status": "OK"}'),
        (Service.STUDIO, "[]"),
        (Service.ECOMMERCE, '{"overall_status": "UNAVAILABLE"}'),
        (Service.DISCOVERY, '{"sql": {"status": true}}'),
    ],
)
def test_what_a_service_says_that_is_not_well_is_wrong(service: Service, body: str) -> None:
    assert judged(service, body, "application/json")


def judged(service: Service, body: str, content_type: str) -> tuple[str, ...]:
    for probe in probes(instance(services=frozenset(Service)), "10.0.0.1"):
        if probe.name == service.value:
            return verdict([ProbeResult(probe, 200, "", body, content_type)]).reasons
    raise AssertionError
