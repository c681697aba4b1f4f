"""Entries of the audit log: the words for changes, and filters to search for them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Self
from urllib.parse import urlencode

from ocim.core.errors import ValidationError
from ocim.core.fleet_filter import LONGEST, LONGEST_ID
from ocim.core.texts import listed


class AuditAction(StrEnum):
    """The changes that are recorded. Words stay as they are: scripts search for them."""

    INSTANCE_CREATE = "instance.create"
    INSTANCE_CHANGE = "instance.change"
    INSTANCE_RESTORE_SETTINGS = "instance.restore-settings"
    INSTANCE_HOLD = "instance.hold"
    INSTANCE_BEGIN_MAINTENANCE = "instance.begin-maintenance"
    INSTANCE_END_MAINTENANCE = "instance.end-maintenance"
    INSTANCE_RELEASE = "instance.release"
    INSTANCE_ARCHIVE = "instance.archive"
    INSTANCE_UNARCHIVE = "instance.unarchive"
    INSTANCE_DELETE = "instance.delete"
    INSTANCE_COPY_DATABASES = "instance.copy-databases"
    INSTANCE_RESTORE_DATABASES = "instance.restore-databases"
    INSTANCE_ROTATE_DATABASE_ACCOUNT = "instance.rotate-database-account"
    INSTANCE_ROTATE_BROKER_ACCOUNT = "instance.rotate-broker-account"
    INSTANCE_ASSIGN_BROKER = "instance.assign-broker"
    INSTANCE_ASSIGN_CONTENT_SERVER = "instance.assign-content-server"
    INSTANCE_ROTATE_CONTENT_ACCOUNT = "instance.rotate-content-account"
    APPSERVER_SPAWN = "appserver.spawn"
    APPSERVER_ACTIVATE = "appserver.activate"
    APPSERVER_DEACTIVATE = "appserver.deactivate"
    APPSERVER_TERMINATE = "appserver.terminate"
    APPSERVER_EXPIRE = "appserver.expire"
    APPSERVER_RESTART = "appserver.restart"
    INSTANCE_CHANGE_SUPERUSER = "instance.change-superuser"
    SERVICES_SET_UP = "services.set-up"
    SERVICES_VERIFY = "services.verify"
    JOB_DONE = "job.done"
    JOB_FAIL = "job.fail"
    JOB_CANCEL = "job.cancel"
    JOB_RETRY = "job.retry"
    ROLLOUT_SCHEDULE = "rollout.schedule"
    ROLLOUT_BEGIN = "rollout.begin"
    ROLLOUT_PAUSE = "rollout.pause"
    ROLLOUT_STOP = "rollout.stop"
    ROLLOUT_RESUME = "rollout.resume"
    ROLLOUT_ABORT = "rollout.abort"
    ROLLOUT_RETRY = "rollout.retry"
    ROLLOUT_UNDO = "rollout.undo"
    ROLLOUT_FAIL_TO_UNDO = "rollout.fail-to-undo"
    ROLLOUT_END = "rollout.end"
    ROLLOUT_UPGRADE_INSTANCE = "rollout.upgrade-instance"
    ROLLOUT_UNDO_INSTANCE = "rollout.undo-instance"
    SERVER_CREATE = "server.create"
    SERVER_REGISTER = "server.register"
    SERVER_REMOVE = "server.remove"
    HOST_START = "host.start"
    HOST_STOP = "host.stop"
    HOST_READMIT = "host.readmit"
    IMAGE_BUILD = "image.build"
    IMAGE_REMOVE = "image.remove"
    INSTALLATION_EXAMINE = "installation.examine"
    INSTALLATION_REPAIR = "installation.repair"
    SETTINGS_CHANGE = "settings.change"
    USER_CREATE = "user.create"
    USER_ENABLE = "user.enable"
    USER_DISABLE = "user.disable"
    USER_REMOVE = "user.remove"
    USER_CHANGE_PASSWORD = "user.change-password"  # noqa: S105 - the word for a change
    USER_SIGN_OUT = "user.sign-out"
    USER_MAIL_PASSWORD_LINK = "user.mail-password-link"  # noqa: S105 - the word for a change
    USER_BEGIN_SECOND_FACTOR = "user.begin-second-factor"
    USER_ADD_SECOND_FACTOR = "user.add-second-factor"
    USER_REMOVE_SECOND_FACTOR = "user.remove-second-factor"
    USER_USE_RECOVERY_CODE = "user.use-recovery-code"
    USER_RENEW_RECOVERY_CODES = "user.renew-recovery-codes"
    USER_ADD_PASSKEY = "user.add-passkey"
    USER_REMOVE_PASSKEY = "user.remove-passkey"
    USER_LINK = "user.link"
    ROLE_GRANT = "role.grant"
    ROLE_REVOKE = "role.revoke"
    TOKEN_CREATE = "token.create"  # noqa: S105 - the word for a change
    TOKEN_REVOKE = "token.revoke"  # noqa: S105 - the word for a change


GROUPS = tuple(dict.fromkeys(action.partition(".")[0] for action in AuditAction))
"""First parts of the words."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """A selection of entries. Empty fields select all; several fields mean all of them."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str = ""
    """Name of an account or of an operating system's user."""
    action: str = ""
    """A word, or its first part: `rollout`."""
    target: str = ""
    """Kind and id of what was changed (`rollout:12`), or a part of its name."""
    instance: int | None = None
    """Id of an instance: its changes, and those of its app servers."""

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Return the filter for texts by field, such as those of a form. Leave out empty ones.

        Raise ValidationError with every text that does not fit.
        """
        values: dict[str, object] = {}
        faults: list[str] = []
        for field in fields(cls):
            text = (texts.get(field.name) or "").strip()
            if not text:
                continue
            try:
                values[field.name] = _read(field.name, text)
            except ValidationError as error:
                faults += error.faults
        if faults:
            raise ValidationError(faults)
        return cls(**values)  # type: ignore[arg-type]

    def as_query(self) -> str:
        """Return the query string; `parse` is the inverse."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))
        return urlencode(
            [
                (name, value.isoformat() if isinstance(value, datetime) else value)
                for name, value in pairs
                if value not in (None, "")
            ]
        )

    @property
    def actions(self) -> tuple[AuditAction, ...]:
        """Actions that the filter selects; none if it selects all."""
        if not self.action:
            return ()
        return tuple(
            action for action in AuditAction if self.action in (action, action.partition(".")[0])
        )


def _read(name: str, text: str) -> object:
    """Return a field's value. Raise ValidationError if the text does not fit."""
    if len(text) > LONGEST or "\0" in text:
        raise ValidationError([f"{name}: must be at most {LONGEST} characters, without NUL."])
    match name:
        case "since" | "until":
            return _time(name, text)
        case "instance":
            if not (text.isdecimal() and text.isascii()) or len(text) > LONGEST_ID:
                raise ValidationError([f"instance: {text!r} is no id."])
            return int(text)
        case "action":
            words = [*GROUPS, *map(str, AuditAction)]
            if text not in words:
                close = get_close_matches(text, words, n=1)
                hint = f"Did you mean {close[0]!r}?" if close else f"Begin with {listed(GROUPS)}."
                raise ValidationError([f"action: unknown action {text!r}. {hint}"])
    return text


def _time(name: str, text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValidationError(
            [f"{name}: {text!r} is no time. Write 2026-05-04, or 2026-05-04T12:00, in UTC."]
        ) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
