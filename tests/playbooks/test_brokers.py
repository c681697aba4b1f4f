"""Brokers that Ocim creates on a local host; all shared servers and services on a machine."""

from pathlib import Path

import pytest

from ocim.adapters.brokers.rabbitmq import RabbitmqBrokers
from ocim.adapters.brokers.redis import RedisBrokers
from ocim.core.instance import Broker, BrokerHost
from ocim.core.secrets import Secret
from tests.broker_servers import NEEDS_REDIS
from tests.nspawn_hosts import needs_nspawn
from tests.playbooks import whole_platform
from tests.playbooks.app_servers import AppServer, bare_machine, stand_in
from tests.playbooks.test_mariadb import check_mariadb

PASSWORD = Secret('the admin\'s 50% "password"')


def create(
    app_server: AppServer, playbook: str, variable: str, password: Secret = PASSWORD
) -> None:
    """Run the playbook twice: the second run finds nothing to change."""
    for changes in (True, False):
        outcome = app_server.provision({variable: password}, playbook=playbook)
        assert outcome.ok, outcome.message
        assert bool(app_server.changed_tasks()) is changes, app_server.changed_tasks()


def check_redis(address: str) -> None:
    """Give an instance its account there, and take it back."""
    host = BrokerHost("redis", address, 6379, "", "ocim", PASSWORD)
    account = Broker("redis", address, 6379, "", Secret("hers"), "/0")
    brokers = RedisBrokers()
    assert brokers.examine(host).startswith("7.")
    brokers.ensure(host, [account])
    assert brokers.accounts(host) == {""}


@NEEDS_REDIS
def test_redis_runs_on_a_local_host_and_keeps_its_accounts(app_server: AppServer) -> None:
    create(app_server, "redis_server.yml", "REDIS_PASSWORD")
    check_redis(app_server.host.address)
    app_server.run("supervisorctl restart redis")
    create_again = app_server.provision({"REDIS_PASSWORD": PASSWORD}, playbook="redis_server.yml")
    assert create_again.ok
    host = BrokerHost("redis", app_server.host.address, 6379, "", "ocim", PASSWORD)
    assert RedisBrokers().accounts(host) == {""}


@needs_nspawn
@pytest.mark.timeout(900)
def test_every_kind_of_shared_server_and_every_service_run_on_a_machine(tmp_path: Path) -> None:
    with bare_machine(tmp_path, stand_in(tmp_path)) as machine:
        if not machine.run("apt-get update -qq 2>&1; apt-cache madison redis-server"):
            pytest.skip("the container reaches no mirror of Debian's packages")
        create(machine, "redis_server.yml", "REDIS_PASSWORD")
        check_redis(machine.host.address)
        create(machine, "database_server.yml", "MARIADB_ADMIN_PASSWORD")
        check_mariadb(machine.host.address, PASSWORD, tmp_path)
        outcome = machine.provision(whole_platform.whole_variables(machine, "ironwood.2"))
        assert outcome.ok, outcome.message
        whole_platform.assert_healthy(machine)
        password = Secret(whole_platform.PASSWORD)
        create(machine, "search_server.yml", "ELASTICSEARCH_PASSWORD", password)
        # The last one, as it takes a processor's time while it has nothing to do.
        create(machine, "rabbitmq_server.yml", "RABBITMQ_PASSWORD")
        address = machine.host.address
        management = f"http://{address}:15672/"
        host = BrokerHost("rabbitmq", address, 5672, management, "ocim", PASSWORD)
        assert RabbitmqBrokers().examine(host).startswith("3.")
