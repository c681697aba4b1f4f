"""A long log, its download and its viewers: `.venv/bin/python -m benchmarks.log_page [--write]`.

The web server is the real one, in a process of its own.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Callable

import httpx
import psutil

from benchmarks import page, served

LINES = 100_000
VIEWERS = 1000
ROUNDS = 7
MIB = 2**20


def main() -> str:
    """Measure on each database in a process of its own, and return Markdown."""
    return served.on_each_database(
        measure,
        f"a log of {LINES:,} lines",
        ("database", "request", "median", "slowest", "size", "memory of the server"),
    )


def measure(database: str, url: str) -> list[str]:
    """Write the log, serve it, and return the rows of one database."""
    from benchmarks.redeploy.installation import set_up

    set_up(url)
    pk, failure = _write_log()
    served.analyze()
    _, cookie = served.sign_in()
    rows = []
    with (
        served.served() as (address, pid),
        httpx.Client(cookies={"sessionid": cookie}, timeout=60, base_url=address) as client,
    ):
        server = psutil.Process(pid)

        def row(name: str, seconds: list[float], size: int, memory: str) -> None:
            median, slowest = statistics.median(seconds) * 1000, max(seconds) * 1000
            rows.append(
                f"| {database} | {name} | {median:.0f} ms | {slowest:.0f} ms"
                f" | {size / 1000:,.0f} kB | {memory} |"
            )

        log = f"/appservers/{pk}/log/"
        for name, place in (
            ("a page with a form (baseline)", "/password/"),
            ("the app server with its last lines", f"/appservers/{pk}/"),
            ("the beginning of the log", log),
            ("the last error", f"{log}?around={failure}"),
            ("errors alone", f"{log}?level=error"),
            ("a text that is frequent", f"{log}?q=migrate"),
            ("a text that is nowhere, in the first lines", f"{log}?q=nowhere"),
        ):
            client.get(place).raise_for_status()
            seconds, size = _timed(lambda place=place: len(client.get(place).content))  # type: ignore[misc]
            row(name, seconds, size, "")
        before = server.memory_info().rss
        peak = 0

        def download() -> int:
            nonlocal peak
            size = 0
            with client.stream("GET", f"/appservers/{pk}/log.txt") as response:
                for part in response.iter_bytes():
                    size += len(part)
                    peak = max(peak, server.memory_info().rss)
            return size

        seconds, size = _timed(download, rounds=3)
        row("download", seconds, size, f"+{max(0, peak - before) / MIB:.0f} MiB at most")
        rows.append(f"| {database} | {_viewers(address, cookie, pk, server)}")
    return rows


def _write_log() -> tuple[int, int]:
    """Write a log whose failure is in its midst; return the ids of the app server and of that."""
    from django.utils import timezone

    from ocim.store.models import LogEntry
    from tests.web.fleet import make_appserver, make_instance

    appserver = make_appserver(make_instance())
    now = timezone.now()
    for start in range(0, LINES, 5000):
        LogEntry.objects.bulk_create(
            LogEntry(
                appserver=appserver,
                time=now,
                level="error" if number == LINES // 2 else ("debug", "info")[number % 2],
                task=f"edxapp : step {number // 100}",
                text=f"ok: [10.0.0.{number % 250}] => migrate the database, number {number}",
            )
            for number in range(start, start + 5000)
        )
    [failure] = LogEntry.objects.filter(level="error").values_list("pk", flat=True)
    return appserver.pk, failure


def _timed(act: Callable[[], int], *, rounds: int = ROUNDS) -> tuple[list[float], int]:
    seconds, size = [], 0
    for _ in range(rounds):
        began = time.monotonic()
        size = act()
        seconds.append(time.monotonic() - began)
    return seconds, size


def _viewers(address: str, cookie: str, pk: int, server: psutil.Process) -> str:
    """Follow the log in many browsers, and return how long a new line takes, and the memory."""
    from ocim.store.models import LogEntry

    last = LogEntry.objects.order_by("-pk").values_list("pk", flat=True)[0]
    before = server.memory_info().rss
    url = f"{address}/appservers/{pk}/events/?after={last}"
    delays, memory = asyncio.run(_follow(url, cookie, pk, server))
    return (
        f"a new line, until the last of {VIEWERS:,} viewers has it"
        f" | {statistics.median(delays) * 1000:.0f} ms | {max(delays) * 1000:.0f} ms | |"
        f" +{(memory - before) / MIB:.0f} MiB, {memory / MIB:.0f} MiB in all |"
    )


async def _follow(
    url: str, cookie: str, pk: int, server: psutil.Process
) -> tuple[list[float], int]:
    """Return the seconds until all viewers have each new line, and the most memory, in bytes."""
    limits = httpx.Limits(max_connections=VIEWERS)
    ready: asyncio.Queue[None] = asyncio.Queue()
    seen: asyncio.Queue[float] = asyncio.Queue()

    async def view() -> None:
        async with client.stream("GET", url) as response:
            response.raise_for_status()
            await ready.put(None)
            async for line in response.aiter_lines():
                if "new line" in line:
                    await seen.put(time.monotonic())

    delays, memory = [], 0
    cookies = {"sessionid": cookie}
    async with httpx.AsyncClient(cookies=cookies, timeout=120, limits=limits) as client:
        views = []
        for _ in range(VIEWERS // 50):  # as fast as the server answers
            views += [asyncio.create_task(view()) for _ in range(50)]
            for _ in range(50):
                await ready.get()
        for _ in range(ROUNDS):
            began = time.monotonic()
            await asyncio.to_thread(_write_line, pk)
            delays.append(max([await seen.get() for _ in range(VIEWERS)]) - began)
            memory = max(memory, server.memory_info().rss)
        for task in views:
            task.cancel()
        await asyncio.gather(*views, return_exceptions=True)
    return delays, memory


def _write_line(pk: int) -> None:
    from django.utils import timezone

    from ocim.store.models import LogEntry

    LogEntry.objects.create(appserver_id=pk, time=timezone.now(), level="info", text="new line")


if __name__ == "__main__":
    text = main()
    sys.stdout.write(text)
    if "--write" in sys.argv:
        page.write("log_page", text)
