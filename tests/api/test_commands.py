"""Commands, each with the operation of the API that does the same, or the reason why none does."""

import argparse
from collections.abc import Iterator, Mapping

from ocim.console.main import command_class
from ocim.console.overview import own_commands
from tests.api.test_schema import DESCRIPTION

PREFIX = "/api/v1/"
TABLE: Mapping[str, str] = {
    "appserver activate": "POST appservers/{appserver_id}/activate",
    "appserver cancel": "POST appservers/{appserver_id}/cancel",
    "appserver deactivate": "POST appservers/{appserver_id}/deactivate",
    "appserver list": "GET appservers",
    "appserver logs": "GET appservers/{appserver_id}/log",
    "appserver show": "GET appservers/{appserver_id}",
    "appserver spawn": "POST instances/{instance_id}/appservers",
    "appserver terminate": "POST appservers/{appserver_id}/terminate",
    "audit": "GET audit",
    "balancer show": "GET balancers",
    "balancer sync": "POST balancers",
    "broker assign": "PUT instances/{instance_id}/broker",
    "broker cancel": "POST servers/{kind}/{name}/cancel",
    "broker create": "POST servers/{kind}",
    "broker list": "GET servers/{kind}",
    "broker logs": "GET servers/{kind}/{name}/log",
    "broker register": "POST servers/{kind}/register",
    "broker remove": "DELETE servers/{kind}/{name}",
    "broker rotate": "POST instances/{instance_id}/broker/rotate",
    "broker show": "GET servers/{kind}/{name}",
    "changepassword": "PUT users/{name}/password",
    "config diff": "GET configuration/changes",
    "config lint": "GET instances/{instance_id}/lint",
    "config show": "GET instances/{instance_id}/configuration",
    "database-server cancel": "POST servers/{kind}/{name}/cancel",
    "database-server create": "POST servers/{kind}",
    "database-server list": "GET servers/{kind}",
    "database-server logs": "GET servers/{kind}/{name}/log",
    "database-server register": "POST servers/{kind}/register",
    "database-server remove": "DELETE servers/{kind}/{name}",
    "database-server rotate": "POST instances/{instance_id}/databases/rotate",
    "database-server show": "GET servers/{kind}/{name}",
    "doctor": "POST doctor/examinations",
    "host list": "GET hosts",
    "host pool": "GET hosts/pool",
    "host readmit": "POST hosts/pool/{machine}/readmit",
    "host start": "POST hosts/start",
    "host stop": "POST hosts/stop",
    "image build": "POST images/build",
    "image list": "GET images",
    "image prune": "POST images/prune",
    "image remove": "DELETE images/{provider}/{name}",
    "instance archive": "POST instances/{instance_id}/archive",
    "instance clone": "POST instances/{instance_id}/clones",
    "instance create": "POST instances",
    "instance delete": "DELETE instances/{instance_id}",
    "instance hold": "PUT instances/{instance_id}/hold",
    "instance list": "GET instances",
    "instance maintenance": "PUT instances/{instance_id}/maintenance",
    "instance release": "DELETE instances/{instance_id}/hold",
    "instance set": "PATCH instances/{instance_id}",
    "instance show": "GET instances/{instance_id}",
    "instance unarchive": "POST instances/{instance_id}/unarchive",
    "instance_redeploy": "POST rollouts",
    "meilisearch-server assign": "PUT instances/{instance_id}/{software}",
    "meilisearch-server list": "GET servers/{kind}",
    "meilisearch-server register": "POST servers/{kind}/register",
    "meilisearch-server remove": "DELETE servers/{kind}/{name}",
    "meilisearch-server rotate": "POST instances/{instance_id}/{software}/rotate",
    "meilisearch-server show": "GET servers/{kind}/{name}",
    "mongodb-server assign": "PUT instances/{instance_id}/{software}",
    "mongodb-server list": "GET servers/{kind}",
    "mongodb-server register": "POST servers/{kind}/register",
    "mongodb-server remove": "DELETE servers/{kind}/{name}",
    "mongodb-server rotate": "POST instances/{instance_id}/{software}/rotate",
    "mongodb-server show": "GET servers/{kind}/{name}",
    "redeploy": "POST rollouts",
    "rollout abort": "POST rollouts/{rollout_id}/abort",
    "rollout list": "GET rollouts",
    "rollout pause": "POST rollouts/{rollout_id}/pause",
    "rollout report": "GET rollouts/{rollout_id}/report",
    "rollout restore": "POST instances/{instance_id}/restore",
    "rollout resume": "POST rollouts/{rollout_id}/resume",
    "rollout retry": "POST rollouts/{rollout_id}/retry",
    "rollout show": "GET rollouts/{rollout_id}",
    "rollout test-notice": "POST notices/test",
    "rollout undo": "POST rollouts/{rollout_id}/undo",
    "rollout watch": "GET rollouts/{rollout_id}/events",
    "search-server cancel": "POST servers/{kind}/{name}/cancel",
    "search-server create": "POST servers/{kind}",
    "search-server list": "GET servers/{kind}",
    "search-server logs": "GET servers/{kind}/{name}/log",
    "search-server register": "POST servers/{kind}/register",
    "search-server remove": "DELETE servers/{kind}/{name}",
    "search-server show": "GET servers/{kind}/{name}",
    "services disable": "POST instances/{instance_id}/services",
    "services enable": "POST instances/{instance_id}/services",
    "services runbook": "GET instances/{instance_id}/services/runbook",
    "services setup": "POST instances/{instance_id}/services/set-up",
    "services status": "POST instances/{instance_id}/services/status",
    "services verify": "POST instances/{instance_id}/services/verifications",
    "shared-settings edit": "PUT shared-settings",
    "shared-settings list": "GET shared-settings",
    "shared-settings set": "PUT shared-settings",
    "shared-settings show": "GET shared-settings",
    "superuser add": "PUT instances/{instance_id}/superusers/{username}",
    "superuser list": "GET instances/{instance_id}/superusers",
    "superuser remove": "DELETE instances/{instance_id}/superusers/{username}",
    "token create": "POST tokens",
    "token list": "GET tokens",
    "token revoke": "DELETE tokens/{token_id}",
    "user create": "POST users",
    "user disable": "PUT users/{name}",
    "user enable": "PUT users/{name}",
    "user grant": "PUT users/{name}/role",
    "user link": "PUT users/{name}/identity",
    "user list": "GET users",
    "user remove": "DELETE users/{name}",
    "user reset-second-factor": "DELETE users/{name}/second-factor",
    "user revoke": "DELETE users/{name}/role",
    "user show": "GET users/{name}",
}
HERE_ALONE: Mapping[str, str] = {
    "appserver shell": "It is a terminal on a host, which only the manager's machine reaches.",
    "balancer run": "It is a process of the manager's machine.",
    "down": "It ends the processes of the manager's machine, the pages among them.",
    "instance adopt": "It reads a directory of the manager's machine.",
    "setup": "It makes the database that accounts and tokens are in.",
    "up": "It starts the processes of the manager's machine, the pages among them.",
    "web": "It is a process of the manager's machine.",
    "worker": "It is a process of the manager's machine.",
}
"""Commands without an operation, each with the reason."""
OPTIONS: Mapping[str, str] = {
    "DELETE instances/{instance_id}/maintenance": "instance maintenance",
    "GET appservers/{appserver_id}/configuration": "config show",
    "GET appservers/{appserver_id}/events": "appserver logs",
    "GET appservers/{appserver_id}/log.txt": "appserver logs",
    "GET doctor": "doctor",
    "GET doctor/examinations": "doctor",
    "GET instances/{instance_id}/appservers": "appserver list",
    "GET instances/{instance_id}/configuration/changes": "config diff",
    "GET instances/{instance_id}/services": "services status",
    "GET instances/{instance_id}/services/verifications": "services verify",
    "GET rollouts/{rollout_id}/undo": "rollout undo",
    "POST instances/{instance_id}/lint": "config lint",
    "POST instances/{instance_id}/services/pending-commands": "services setup",
    "POST lint": "config lint",
    "POST rollouts/plan": "redeploy",
    "POST rollouts/{rollout_id}/approve": "rollout resume",
}
"""Operations that do what an option of a command does, or a part of a command."""
API_ALONE: Mapping[str, str] = {
    "GET instances/{instance_id}/backups": "`ocim rollout restore` shows them before it asks.",
    "GET instances/{instance_id}/events": "Commands wait for their own jobs, and show each step.",
    "GET jobs": "Commands wait for their own jobs.",
    "GET jobs/{job_id}": "Commands wait for their own jobs.",
    "GET jobs/{job_id}/log": "Commands print the logs of app servers and of shared servers.",
    "GET schema": "It describes the API.",
    "POST jobs/{job_id}/cancel": "Commands cancel the jobs of an app server or a shared server.",
    "POST jobs/{job_id}/retry": "A command that failed is typed again.",
}
"""Operations without a command, each with the reason."""


def commands() -> Iterator[str]:
    """Yield every command of Ocim: its subcommands, if it has any."""
    for name in own_commands():
        parser = command_class(name).create_parser("ocim", name)
        below = [
            f"{name} {choice}"
            for action in parser._actions
            if isinstance(action, argparse._SubParsersAction)
            for choice in action.choices
        ]
        yield from below or [name]


def operations() -> set[str]:
    return {
        f"{method.upper()} {address.removeprefix(PREFIX)}"
        for address, methods in DESCRIPTION["paths"].items()
        for method in methods
    }


def test_every_command_is_in_the_api_or_says_why_not() -> None:
    assert sorted(commands()) == sorted([*TABLE, *HERE_ALONE])


def test_every_operation_is_that_of_a_command_or_says_why_not() -> None:
    assert operations() == {*TABLE.values(), *OPTIONS, *API_ALONE}
    assert set(OPTIONS.values()) <= set(TABLE)


def test_no_operation_is_named_twice() -> None:
    assert not set(TABLE.values()) & {*OPTIONS, *API_ALONE}
