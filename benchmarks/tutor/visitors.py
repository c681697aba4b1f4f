"""Visitors who count: each asks one site again and again, whether it answers or not."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import httpx

from tests.acceptance.traffic import served_by

INTERVAL = 0.1
"""Seconds between a visitor's requests."""
CONNECTION = 20
"""Requests after which a visitor makes a new connection."""

Connect = Callable[[], Any]
"""Returns a client, to be used as a context, whose `get` takes a path."""


@dataclass
class Counts:
    """Counts of a visitor's answers."""

    answers: Counter[str] = field(default_factory=Counter)
    """Good answers by the release that gave them."""
    failures: list[str] = field(default_factory=list)
    gap: float = 0.0
    """The longest time between two good answers, in seconds."""


@contextmanager
def visitors(sites: Sequence[Connect]) -> Iterator[Sequence[Counts]]:
    """Let one visitor ask each site meanwhile, alternately for the front page and the heartbeat."""
    counts = [Counts() for _ in sites]
    ended = threading.Event()
    threads = [
        threading.Thread(target=_visit, args=(connect, of_site, ended))
        for connect, of_site in zip(sites, counts, strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        yield counts
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _visit(connect: Connect, counts: Counts, ended: threading.Event) -> None:
    last = time.monotonic()
    paths = cycle(["/", "/heartbeat"])
    while not ended.is_set():
        with connect() as client:
            for _ in range(CONNECTION):
                if ended.wait(INTERVAL):
                    break
                try:
                    answer = _answer(client, next(paths))
                except (httpx.HTTPError, ValueError) as error:
                    counts.failures.append(str(error) or repr(error))
                    continue
                counts.answers[answer] += 1
                now = time.monotonic()
                counts.gap = max(counts.gap, now - last)
                last = now


def _answer(client: Any, path: str) -> str:
    """Return the release that answers; ValueError unless the answer is a good one."""
    answer: httpx.Response = client.get(path)
    if answer.status_code != httpx.codes.OK or not answer.text:
        raise ValueError(f"{path}: {answer.status_code} {answer.text[:200]}")
    with suppress(ValueError):
        return str(answer.json()["release"])
    return served_by(answer.text)


def total(counts: Sequence[Counts]) -> Counts:
    """Return the counts of all visitors together, with the longest gap of any."""
    return Counts(
        sum((each.answers for each in counts), Counter()),
        [failure for each in counts for failure in each.failures],
        max(each.gap for each in counts),
    )
