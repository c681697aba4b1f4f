"""Log lines of app servers, and of jobs on shared servers."""

from django.db.models import Count, Sum
from django.db.models.functions import Length

from ocim.core.provisioning import ProvisionEvent
from ocim.operations.context import Context
from ocim.operations.masking import mask_of
from ocim.store.models import Job, LogEntry, OpenEdXAppServer

Source = OpenEdXAppServer | Job
"""An app server, or the job on a shared server, whose log it is."""

MOST_LINES = 50_000
MOST_CHARACTERS = 20_000_000
"""Limits of a log; a run of upstream's playbooks has some thousand lines."""


def say(source: Source, text: str, *, context: Context, level: str = "info") -> LogEntry:
    """Add a line of Ocim's own to a log, with secrets masked."""
    return source.log_entries.create(time=context.now(), level=level, text=mask_of(source)(text))


class Recorder:
    """Recorder of a provisioner's lines in a log, masked and limited."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._mask = mask_of(source)
        kept = source.log_entries.aggregate(lines=Count("id"), characters=Sum(Length("text")))
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
        self._source.log_entries.create(
            time=event.time,
            level=event.level,
            text=self._mask(event.text),
            task=self._mask(event.task)[:300],
            status=event.status,
            seconds=event.seconds,
        )
