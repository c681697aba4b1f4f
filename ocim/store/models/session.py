"""Sessions of people's browsers: Django's, in rows that name the person."""

from datetime import timedelta
from hashlib import sha256
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

ADDRESS, BROWSER = "address", "browser"
"""Keys of a session's data that are columns, too."""
PRECISION = timedelta(minutes=1)
"""Precision of the time of the last request; a row is not written more often."""


class Session(AbstractBaseSession):
    """Django's session, with the columns that a list of a person's sessions needs."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    address = models.CharField(max_length=100, help_text="Network address of the sign-in.")
    browser = models.CharField(max_length=300, help_text="User-Agent of the sign-in.")
    seen_at = models.DateTimeField(help_text="Time of the last request, to the minute.")

    @classmethod
    def get_session_store_class(cls) -> "type[SessionStore]":
        """Return the class that reads and writes these rows."""
        return SessionStore

    @property
    def public_id(self) -> str:
        """Id for forms; the key itself would let whoever reads it take the session over."""
        return sha256(self.session_key.encode()).hexdigest()[:16]


class SessionStore(DatabaseStore):
    """A session whose row has the person, the browser and the time of the last request."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the model of the rows."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row for the session's data."""
        return _described(super().create_model_instance(data), data)

    async def acreate_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row for the session's data."""
        return _described(await super().acreate_model_instance(data), data)

    def _get_session_from_db(self) -> Session | None:
        row: Session | None = super()._get_session_from_db()  # type: ignore[misc]
        if row and (seen := _to_be_seen(row)) is not None:
            seen.update(seen_at=timezone.now())
        return row

    async def _aget_session_from_db(self) -> Session | None:
        row: Session | None = await super()._aget_session_from_db()  # type: ignore[misc]
        if row and (seen := _to_be_seen(row)) is not None:
            await seen.aupdate(seen_at=timezone.now())
        return row


def _described(row: AbstractBaseSession, data: dict[str, Any]) -> Session:
    """Return the row with its person, address and browser."""
    session = cast(Session, row)
    session.user_id = data.get(SESSION_KEY)
    session.address, session.browser = data.get(ADDRESS, ""), data.get(BROWSER, "")
    session.seen_at = timezone.now()
    return session


def _to_be_seen(row: Session) -> models.QuerySet[Session] | None:
    """Return the row's query if its last request is more than PRECISION ago."""
    if row.seen_at > timezone.now() - PRECISION:
        return None
    return Session.objects.filter(pk=row.pk)
