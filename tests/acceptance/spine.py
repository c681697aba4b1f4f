"""Behaviour that every provider of hosts must show."""

from contextlib import suppress

import psutil
import pytest

from tests.acceptance.installation import Installation, Refused, until
from tests.acceptance.pictures import PICTURE, Learner
from tests.acceptance.traffic import Traffic, Visitor

OLD = {
    "openedx_release": "open-release/ironwood.2",
    "edx_platform_commit": "opencraft-release/ironwood.2",
}
NEW = {
    "openedx_release": "open-release/juniper.2",
    "edx_platform_commit": "opencraft-release/juniper.2",
}
OF_INSTANCE = """
from store_openedxappserver as appserver
join store_openedxinstance as instance on instance.id = instance_id
where internal_lms_domain = ?
"""
"""End of a query for the app servers of the instance with a domain; for `Installation.ask`."""
NEWER = {name: value.replace(".2", ".3") for name, value in NEW.items()}


def served(installation: Installation, domain: str, **fields: str) -> str:
    """Return the domain of a new instance that an app server serves."""
    installation.instance(domain, **fields)
    installation.ocim("appserver", "spawn", domain, "--activate")
    return domain


def takes_over_without_one_failed_request(installation: Installation, domain: str) -> None:
    """Let a second app server take over from one of release NEW, which is then terminated.

    The second one shows a picture that a learner uploaded through the first.
    """
    (first,) = [appserver for appserver in installation.appservers(domain) if appserver["active"]]
    with Traffic(installation, domain) as traffic, Visitor(installation, domain) as visitor:
        learner = Learner(visitor, "lena")
        uploaded = learner.upload()
        assert uploaded.status_code == 204, uploaded.text
        until(lambda: traffic.answers, "nothing answers")
        installation.ocim("instance", "set", domain, *_words(NEWER))
        installation.ocim("appserver", "spawn", domain, "--activate")
        swung = traffic.answers.total()
        installation.ocim("appserver", "terminate", str(first["id"]), "--yes")
        until(lambda: traffic.answers.total() > swung + 50, "nothing answers any more")
        assert learner.picture() == PICTURE
    assert traffic.failures == []
    assert set(traffic.answers) == {NEW["edx_platform_commit"], NEWER["edx_platform_commit"]}
    second, *others = installation.appservers(domain)
    assert second["state"] == "running"
    assert {other["id"]: other["state"] for other in others}[first["id"]] == "terminated"
    assert_no_other_hosts(installation)


def broken_one_never_gets_a_request(
    installation: Installation, domain: str, changes: dict[str, str], reason: str
) -> None:
    """Check that an instance of release OLD is served all the time."""
    whole = OLD | {"configuration_extra_settings": ""} | changes
    installation.ocim("instance", "set", domain, *_words(whole))
    with Traffic(installation, domain) as traffic:
        until(lambda: traffic.answers, "nothing answers")
        with pytest.raises(Refused, match=reason):
            installation.ocim("appserver", "spawn", domain, "--activate")
        failed = traffic.answers.total()
        until(lambda: traffic.answers.total() > failed + 25, "nothing answers any more")
    newest = installation.appservers(domain)[0]
    assert (newest["state"], newest["active"]) == ("failed", False)
    assert reason in newest["failure"]
    assert traffic.failures == []
    assert set(traffic.answers) == {OLD["edx_platform_commit"]}


def killed_worker_is_replaced(installation: Installation, domain: str) -> None:
    """Kill all workers while one provisions; the app server must come up, on one host."""
    installation.instance(domain)
    _spawn_with_a_kill(installation, domain)
    assert answers(installation, domain)
    assert_no_other_hosts(installation)


def _spawn_with_a_kill(installation: Installation, domain: str) -> None:
    """Spawn an app server, whose worker is killed while it provisions; wait until it is active."""
    spawn_and_wait_for_ansible(installation, domain)
    for worker in installation.processes("worker"):
        worker.kill()
    newest = f"select is_active {OF_INSTANCE} order by appserver.id desc"
    until(lambda: installation.ask(newest, domain), installation.log())
    until(lambda: answers(installation, domain), installation.log())
    appserver = installation.appservers(domain)[0]
    assert "Taken up again" in installation.ocim("appserver", "logs", str(appserver["id"]))


def spawn_and_wait_for_ansible(installation: Installation, domain: str) -> None:
    installation.ocim("appserver", "spawn", domain, "--activate", "--no-wait")
    until(lambda: ansible(installation), "nothing is provisioned")


def ansible(installation: Installation) -> list[psutil.Process]:
    return installation.processes("ocim.adapters.provisioners.ansible.child")


def is_served(installation: Installation, domain: str) -> bool:
    """Return True if an active app server of the instance answers through the balancer.

    The database knows that it is active a moment before the balancer does.
    """
    is_active = bool(installation.ask(f"select max(is_active) {OF_INSTANCE}", domain))
    return is_active and answers(installation, domain)


def answers(installation: Installation, domain: str) -> bool:
    with Visitor(installation, domain) as visitor:
        return visitor.get("/heartbeat").status_code == 200


def assert_no_other_hosts(installation: Installation) -> None:
    """Assert that every host is one of an app server that is not terminated.

    Wait for it: an expired app server may just be on its way.
    """
    with suppress(AssertionError):
        until(lambda: _known_hosts(installation) == _hosts(installation), "", seconds=60)
    assert _known_hosts(installation) == _hosts(installation)


def _known_hosts(installation: Installation) -> set[str]:
    return {f"appserver-{item['id']}" for item in installation.json("appserver", "list")}


def _hosts(installation: Installation) -> set[str]:
    return {item["host"] for item in installation.json("host", "list")}


def _words(fields: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in fields.items()]
