"""The database server that Ocim creates on a local host."""

from pathlib import Path

from ocim.adapters.databases.mysql import MysqlDatabases
from ocim.core.instance import Account, DatabaseHost
from ocim.core.secrets import Secret
from tests.contracts.conftest import database_on
from tests.mariadb_server import needs_mariadb
from tests.playbooks.app_servers import AppServer
from tests.sql import execute

PASSWORD = Secret('the admin\'s 50% "password" \\')


def check_mariadb(address: str, password: Secret, directory: Path) -> None:
    """Create a database there, as the walk-through's row of a migration fills it; restore it."""
    server = DatabaseHost("mysql", address, 3306, Account("ocim", password))
    databases, database = MysqlDatabases(), database_on(server, "one")
    facts = databases.examine(server)
    assert facts.version.startswith("MariaDB 10.")
    assert (facts.is_strict, facts.problems) == (False, ())
    databases.ensure(database)
    table = "CREATE TABLE django_migrations (app TEXT, name TEXT, applied DATETIME NOT NULL)"
    execute(databases, database, table)
    row = "INSERT into django_migrations (app, name) values('thumbnail', '0001_initial');"
    assert execute(databases, database, row) == 1
    databases.dump(database, directory / "dump")
    databases.restore(database, directory / "dump")
    assert execute(databases, database, "DELETE FROM django_migrations") == 1
    databases.drop(database)


@needs_mariadb
def test_mariadb_runs_on_a_local_host_with_the_password_that_it_was_last_given(
    app_server: AppServer, tmp_path: Path
) -> None:
    for password, changes in ((Secret("first"), True), (PASSWORD, True), (PASSWORD, False)):
        variables = {"MARIADB_ADMIN_PASSWORD": password}
        outcome = app_server.provision(variables, playbook="database_server.yml")
        assert outcome.ok, outcome.message
        assert bool(app_server.changed_tasks()) is changes, app_server.changed_tasks()
    check_mariadb(app_server.host.address, PASSWORD, tmp_path)
