"""Notices by e-mail, webhook or chat: the Apprise library, with its own addresses."""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from threading import Thread
from typing import Any
from urllib.parse import unquote

from ocim.core.errors import PermanentError, TransientError
from ocim.core.notices import Notice
from ocim.core.secrets import Secret

TIMEOUT = 30.0
"""Time limit for each wait of a plugin, in seconds."""
LONGEST = 60.0
"""Time limit for sending one notice to one address, in seconds."""
SHORTEST = 3
"""Letters of the shortest part of an address that is masked as a secret."""


class AppriseNotifier:
    """A notifier for Apprise addresses, as `mailto://…` and `json://…`; they contain secrets."""

    kind = "apprise"

    def __init__(
        self, addresses: Sequence[Secret], *, key: bytes, longest: float = LONGEST
    ) -> None:
        """Create a notifier; `key` derives the target names, which must not reveal addresses."""
        self._longest = longest
        self._addresses: Mapping[str, Secret] = {
            _id(address, key): address for address in addresses
        }
        self._secrets = _secrets_of(addresses)

    def targets(self) -> Sequence[str]:
        return list(self._addresses)

    def send(self, target: str, notice: Notice) -> None:
        """Send the notice; error messages name no part of the address but its scheme."""
        address = self._addresses.get(target)
        if address is None:
            raise PermanentError("The recipient of this notice was removed from the settings.")
        # Apprise takes a second to load, and most processes never need it.
        import apprise

        client = apprise.Apprise(asset=apprise.AppriseAsset(storage_mode="memory"))
        if not client.add(address.reveal()):
            raise PermanentError(
                f"Apprise does not support notification {self._named(target)}.",
                remedy="See https://github.com/caronc/apprise/wiki for supported addresses.",
            )
        notify = partial(
            client.notify,
            title=notice.title,
            body=notice.text,
            body_format=apprise.NotifyFormat.TEXT,
            notify_type=apprise.NotifyType(notice.kind),
            timeout=TIMEOUT,
        )
        try:
            result = _within(self._longest, notify)
        except TimeoutError:
            late = f"It took more than {self._longest:g} s."
            raise TransientError(
                f"Cannot send the notice to {self._named(target)}. {late}"
            ) from None
        if not result:
            reason = self._masked(" ".join(entry.message for entry in result.logs()))
            raise TransientError(
                f"Cannot send the notice to {self._named(target)}. {reason}".strip()
            )

    def _named(self, target: str) -> str:
        scheme = self._addresses[target].reveal().partition("://")[0]
        return f"address {self.targets().index(target) + 1} ({scheme}://…)"

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "********", text)
        return text


def _within(seconds: float, notify: Callable[[], Any]) -> Any:
    """Return the result of `notify`; raise TimeoutError after `seconds`.

    Plugins limit each wait only, so a server that sends a byte now and then is never late. The
    thread ends when the server closes the connection, or with this process.
    """
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(notify())
        except Exception as error:  # noqa: BLE001 - the caller gets it
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future.result(seconds)


def _id(address: Secret, key: bytes) -> str:
    return hmac.digest(key, address.reveal().encode(), hashlib.sha256).hex()[:16]


def _secrets_of(addresses: Sequence[Secret]) -> list[str]:
    """Return every part of every address: for some services even the host name is secret."""
    parts = [
        part
        for address in addresses
        for part in re.split(r"[/:@?&=#,;]+", address.reveal().partition("://")[2])
    ]
    readable = {text for part in parts for text in (part, unquote(part))}
    return sorted((text for text in readable if len(text) >= SHORTEST), key=len, reverse=True)
