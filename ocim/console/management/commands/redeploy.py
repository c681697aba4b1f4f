"""`ocim redeploy` is `ocim instance_redeploy`."""

from ocim.console.management.commands.instance_redeploy import Command

__all__ = ["Command"]
