"""Notices by mail, webhook or chat, through the Apprise library and its addresses."""

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
"""Seconds for each wait that a plugin makes."""
LONGEST = 60.0
"""Seconds for one notice to one address as a whole."""
SHORTEST = 3
"""Letters of a part of an address that may be a secret."""


class AppriseNotifier:
    """Sends to Apprise's addresses, as in `mailto://…` and `json://…`; what they hold is secret."""

    kind = "apprise"

    def __init__(
        self, addresses: Sequence[Secret], *, key: bytes, longest: float = LONGEST
    ) -> None:
        """`key` is what addresses are told apart with, where they must not be read."""
        self._longest = longest
        self._addresses: Mapping[str, Secret] = {_id(one, key): one for one in addresses}
        self._secrets = _secrets_of(addresses)

    def targets(self) -> Sequence[str]:
        return list(self._addresses)

    def tell(self, target: str, notice: Notice) -> None:
        """Send it; what went wrong is told without anything of the address but its kind."""
        address = self._addresses.get(target)
        if address is None:
            raise PermanentError("The address of this notice is not among the settings any more.")
        # Its plugins take a second to load, and most processes never need them.
        import apprise  # noqa: PLC0415

        one = apprise.Apprise(asset=apprise.AppriseAsset(storage_mode="memory"))
        if not one.add(address.reveal()):
            raise PermanentError(
                f"{self._named(target)} is none that Apprise knows.",
                remedy="See https://github.com/caronc/apprise/wiki for how to write it.",
            )
        notify = partial(
            one.notify,
            title=notice.title,
            body=notice.text,
            body_format=apprise.NotifyFormat.TEXT,
            notify_type=apprise.NotifyType(notice.kind),
            timeout=TIMEOUT,
        )
        try:
            result = _within(self._longest, notify)
        except TimeoutError:
            late = f"It was not done after {self._longest:g} s."
            raise TransientError(f"{self._named(target)} took no notice. {late}") from None
        if not result:
            why = self._masked(" ".join(entry.message for entry in result.logs()))
            raise TransientError(f"{self._named(target)} took no notice. {why}".strip())

    def _named(self, target: str) -> str:
        scheme = self._addresses[target].reveal().partition("://")[0]
        return f"Address {self.targets().index(target) + 1} of notices ({scheme}://…)"

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "********", text)
        return text


def _within(seconds: float, notify: Callable[[], Any]) -> Any:
    """Return what `notify` returns; TimeoutError after so many seconds.

    Plugins have limits for each wait only, and a server that drips is never late. The thread ends
    with the server, or with this process.
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
    """Every part of every address: for some services even the place of the host is a secret."""
    parts = [
        part
        for one in addresses
        for part in re.split(r"[/:@?&=#,;]+", one.reveal().partition("://")[2])
    ]
    readable = {text for part in parts for text in (part, unquote(part))}
    return sorted((text for text in readable if len(text) >= SHORTEST), key=len, reverse=True)
