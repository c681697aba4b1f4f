"""The first records of an installation: shared servers and an administrator."""

import secrets
from pathlib import Path

from django.contrib.auth import get_user_model

from ocim.core.audit import AuditAction
from ocim.operations import audit
from ocim.store.models import DatabaseServer, LoadBalancingServer


def ensure_shared_servers(*, databases: Path) -> None:
    """Create a database server and a balancer on this machine, if there are none."""
    if not DatabaseServer.objects.exists():
        files = DatabaseServer.objects.create(name="files", kind="sqlite", directory=str(databases))
        audit.record(AuditAction.SERVER_REGISTER, files)
    if not LoadBalancingServer.objects.exists():
        caddy = LoadBalancingServer.objects.create(name="caddy", kind="caddy")
        audit.record(AuditAction.SERVER_REGISTER, caddy)


def ensure_admin(*, name: str) -> str:
    """Create an administrator. Return the password, or "" if there are users already."""
    users = get_user_model()
    if users._default_manager.exists():
        return ""
    password = secrets.token_urlsafe(12)
    user = users._default_manager.create_superuser(username=name, password=password)
    audit.record(AuditAction.USER_CREATE, user, after={"role": "admin of the whole fleet"})
    return password
