"""What an installation begins with: the servers that instances share, and somebody to sign in."""

import secrets
from pathlib import Path

from django.contrib.auth import get_user_model

from ocim.store.models import DatabaseServer, LoadBalancingServer


def ensure_shared_servers(*, databases: Path) -> None:
    """One database server and one balancer, where there are none: those of this machine."""
    if not DatabaseServer.objects.exists():
        DatabaseServer.objects.create(name="files", kind="sqlite", directory=str(databases))
    if not LoadBalancingServer.objects.exists():
        LoadBalancingServer.objects.create(name="caddy", kind="caddy")


def ensure_admin(*, name: str) -> str:
    """A first user who may do everything; the password, or "" where there are users already."""
    users = get_user_model()
    if users._default_manager.exists():
        return ""
    password = secrets.token_urlsafe(12)
    users._default_manager.create_superuser(username=name, password=password)
    return password
