"""Log lines of app servers."""

from ocim.core.spec import ProvisionEvent
from ocim.operations.context import Context
from ocim.store.models import LogEntry, OpenEdXAppServer


def say(
    appserver: OpenEdXAppServer, text: str, *, context: Context, level: str = "info"
) -> LogEntry:
    """Write one line of Ocim's own."""
    return LogEntry.objects.create(appserver=appserver, time=context.now(), level=level, text=text)


def record(appserver: OpenEdXAppServer, event: ProvisionEvent) -> None:
    """Write one line of the provisioner's."""
    LogEntry.objects.create(
        appserver=appserver,
        time=event.time,
        level=event.level,
        text=event.text,
        task=event.task[:300],
        status=event.status,
        seconds=event.seconds,
    )
