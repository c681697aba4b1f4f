"""Log lines of app servers."""

from django.db.models import Count, Sum
from django.db.models.functions import Length

from ocim.core.provisioning import ProvisionEvent
from ocim.operations.context import Context
from ocim.operations.masking import mask_of
from ocim.store.models import LogEntry, OpenEdXAppServer

MOST_LINES = 50_000
MOST_CHARACTERS = 20_000_000
"""Limits of an app server's log; a run of upstream's playbooks has some thousand lines."""


def say(
    appserver: OpenEdXAppServer, text: str, *, context: Context, level: str = "info"
) -> LogEntry:
    """Add a line of Ocim's own to an app server's log, with secrets masked."""
    return LogEntry.objects.create(
        appserver=appserver, time=context.now(), level=level, text=mask_of(appserver)(text)
    )


class Recorder:
    """Recorder of a provisioner's lines in an app server's log, masked and limited."""

    def __init__(self, appserver: OpenEdXAppServer) -> None:
        self._appserver = appserver
        self._mask = mask_of(appserver)
        kept = appserver.log_entries.aggregate(lines=Count("id"), characters=Sum(Length("text")))
        self._lines: int = kept["lines"]
        self._characters: int = kept["characters"] or 0
        self._is_full = False

    def __call__(self, event: ProvisionEvent) -> None:
        """Write one line; the first one too many says that it and all after it are left out."""
        if self._is_full:
            return
        self._lines += 1
        self._characters += len(event.text)
        for number, most, what in (
            (self._lines, MOST_LINES, "lines"),
            (self._characters, MOST_CHARACTERS, "characters"),
        ):
            if number > most:
                self._is_full = True
                text = f"This log has {most} {what}: what the run says from here on is left out."
                event = ProvisionEvent(event.time, "warning", text)
                break
        LogEntry.objects.create(
            appserver=self._appserver,
            time=event.time,
            level=event.level,
            text=self._mask(event.text),
            task=self._mask(event.task)[:300],
            status=event.status,
            seconds=event.seconds,
        )
