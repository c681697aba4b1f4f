"""Rows for the pages to show."""

from typing import Any

from django.utils import timezone

from ocim.core.rollout import Rules
from ocim.core.states import AppServerState, ServerState
from ocim.operations import instances
from ocim.operations.effective import effective_variables, serialize
from ocim.store.models import (
    DatabaseServer,
    Deployment,
    LoadBalancingServer,
    LogEntry,
    OpenEdXAppServer,
    OpenEdXInstance,
    Rollout,
    Server,
    Upgrade,
)
from ocim.wiring import context


def make_instance(name: str = "Demo", **fields: Any) -> OpenEdXInstance:
    """Return an instance on the shared servers, at `<name>.localhost`."""
    LoadBalancingServer.objects.get_or_create(name="balancer", defaults={"kind": "caddy"})
    DatabaseServer.objects.get_or_create(
        name="databases", defaults={"kind": "sqlite", "directory": "/nowhere"}
    )
    arguments = {
        "name": name,
        "email": "ops@example.com",
        "internal_lms_domain": f"{name.lower().replace(' ', '-')}.localhost",
        "openedx_release": "open-release/juniper.2",
        "edx_platform_repository_url": "https://github.com/openedx/edx-platform",
        "configuration_source_repo_url": "builtin",
        "configuration_version": "open-release/juniper.2",
        "provider": "local",
        **fields,
    }
    instance, _ = instances.create(fields=arguments, context=context())
    return instance


def make_appserver(
    instance: OpenEdXInstance, state: str = AppServerState.RUNNING, **fields: Any
) -> OpenEdXAppServer:
    """Return an app server of the instance, in that state, with a host."""
    now = timezone.now()
    moments = {
        AppServerState.RUNNING: {"ready_at": now},
        AppServerState.FAILED: {"failed_at": now},
        AppServerState.TERMINATED: {"terminated_at": now},
    }
    if fields.get("is_active"):
        fields.setdefault("activated_at", now)
    made = OpenEdXAppServer.objects.create(
        instance=instance,
        deployment=fields.pop("deployment", None) or Deployment.objects.create(instance=instance),
        state=state,
        openedx_release=instance.openedx_release,
        edx_platform_commit=instance.platform_commit,
        configuration_source_repo_url=instance.configuration_source_repo_url,
        configuration_version=instance.configuration_version,
        configuration_playbook_name=instance.playbook_name,
        effective_variables=serialize(effective_variables(instance, context().policy)),
        **{**moments.get(AppServerState(state), {}), **fields},
    )
    made.server = Server.objects.create(
        name=f"appserver-{made.pk}", provider="local", address="127.0.10.1", state=ServerState.UP
    )
    made.save(update_fields=["server"])
    return made


def make_rollout(*instances: OpenEdXInstance, **fields: Any) -> Rollout:
    """Return a rollout over the instances, none of which was begun."""
    arguments = {
        "tag": "juniper2",
        "arguments": {"tag": "juniper2"},
        "rules": Rules().to_json(),
        "queue": "opencraft_low_priority",
        "plan_hash": "0" * 64,
        "started_by": "ada on lab",
        **fields,
    }
    rollout = Rollout.objects.create(**arguments)
    Upgrade.objects.bulk_create(
        Upgrade(rollout=rollout, instance=instance, label=str(instance)) for instance in instances
    )
    return rollout


def write_line(
    appserver: OpenEdXAppServer, text: str, *, level: str = "info", task: str = ""
) -> LogEntry:
    """Create a line of the app server's log."""
    return LogEntry.objects.create(
        appserver=appserver, time=timezone.now(), level=level, text=text, task=task
    )
