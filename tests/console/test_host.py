from tests.console.conftest import Installation


def test_a_single_host_is_stopped_and_started_by_its_name(ocim: Installation) -> None:
    first, second = (
        f"appserver-{ocim.served(ocim.campus(domain=f'{name}.example.com'))}" for name in ("a", "b")
    )
    assert ocim("host", "stop", first).out == f"Stopped: {first}.\n"
    assert ocim.provider.cloud.stopped == {first}
    assert ocim("host", "start", first).out == "Started.\n"
    assert ocim.provider.cloud.stopped == set()
    assert ocim("host", "stop").out == f"Stopped: {first}, {second}.\n"


def test_every_name_that_no_host_has_is_told_and_nothing_is_stopped(ocim: Installation) -> None:
    host = f"appserver-{ocim.served(ocim.campus())}"
    ran = ocim("host", "stop", host, "one", "two")
    assert ran.status == 1
    assert "hosts: no host 'one' of kind local.\n" in ran.err
    assert "hosts: no host 'two' of kind local.\n" in ran.err
    assert "`ocim host list` shows the hosts of each kind." in ran.err
    assert ocim.provider.cloud.stopped == set()
