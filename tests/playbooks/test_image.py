"""The built-in playbook in two parts, on a host of each kind."""

from collections.abc import Iterator

import pytest

from tests.nspawn_hosts import needs_nspawn
from tests.playbooks.conftest import AppServer, bare_app_server, bare_machine


@pytest.fixture(params=["local", pytest.param("nspawn", marks=needs_nspawn)], scope="module")
def from_image(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AppServer]:
    bare = {"local": bare_app_server, "nspawn": bare_machine}[request.param]
    with bare(tmp_path_factory.mktemp("image")) as app_server:
        app_server.make_anew_from_an_image()
        yield app_server


def test_what_is_left_makes_an_app_server_that_the_whole_would_not_change(
    from_image: AppServer,
) -> None:
    outcome = from_image.provision_instance_part()
    assert outcome.ok, outcome.message
    assert "virtual environment of edxapp" not in {event.task for event in from_image.events}
    for service in ("lms", "cms"):
        assert from_image.ask(service)["settings"]["LMS_BASE"] == "demo.localhost:8443"
    assert from_image.provision().ok
    assert from_image.changed_tasks() == []
