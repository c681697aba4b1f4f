"""What workers and operators do meanwhile."""

from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from ocim.store.models import Job, OpenEdXAppServer, OpenEdXInstance
from tests.web.fleet import make_appserver, make_instance, write_line


def setup() -> None:
    """Make a database with somebody in it who may do everything."""
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("admin", password="right")


def instance(name: str) -> int:
    """Make an instance."""
    return make_instance(name).pk


def appserver(instance_id: int, state: str, active: str = "") -> int:
    """Make an app server of it."""
    of = OpenEdXInstance.objects.get(pk=instance_id)
    return make_appserver(of, state, is_active=bool(active)).pk


def move(appserver_id: int, state: str) -> None:
    """Let the app server reach another state."""
    there = OpenEdXAppServer.objects.filter(pk=appserver_id)
    there.update(state=state, running_since=timezone.now())


def write(appserver_id: int, *texts: str) -> None:
    """Write lines of its log."""
    of = OpenEdXAppServer.objects.get(pk=appserver_id)
    for text in texts:
        write_line(of, text, task="edxapp : migrate")


def jobs(instance_id: int) -> list[object]:
    """Say what was asked for."""
    asked = Job.objects.filter(instance=instance_id).order_by("id")
    return list(asked.values_list("kind", "arguments"))
