"""`ocim redeploy` is `ocim instance_redeploy`."""

from ocim.console.management.commands import instance_redeploy


class Command(instance_redeploy.Command):
    help = "Do the same as instance_redeploy."
