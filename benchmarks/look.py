"""The periodic health check of active app servers: `.venv/bin/python -m benchmarks.look [--write]`.

Their services are answered by one fast process on a loopback address; everything else is real.
"""

import asyncio
import multiprocessing
import os
import resource
import socket
import sys
import time
from collections.abc import Callable

from benchmarks import page
from benchmarks.redeploy.installation import fleet, set_up

SIZES = (100, 1000)
ADDRESS = "127.200.0.1"
PORTS = (8000, 8010)
BODY = b'{"modulestore": {"status": true}, "sql": {"status": true}}'
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
)


def main() -> str:
    """Measure each size in a process of its own, and return Markdown."""
    measured_on = f"{page.machine()}."
    rows = [
        "| active app servers | one query of them (baseline) | all well: time, processor"
        " | all refuse connections | all silent |",
        "|---|---|---|---|---|",
    ]
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        rows += [pool.apply(measure, (size,)) for size in SIZES]
    return "\n".join([measured_on, "", *rows]) + "\n"


def measure(size: int) -> str:
    """Measure a fleet of that size, and return a row of the table."""
    set_up()
    from ocim.adapters.probers.http import HttpProber
    from ocim.core.hosts import HostRequest
    from ocim.operations.look import look
    from ocim.store.models import OpenEdXAppServer, Server
    from ocim.store.selectors import serving
    from tests.world import World

    world = World()
    fleet(size, world)
    for name in Server.objects.values_list("name", flat=True):
        world.cloud.requests[name] = HostRequest(name)
        world.cloud.addresses_given[name] = ADDRESS
    Server.objects.update(address=ADDRESS)
    world.prober = HttpProber()  # type: ignore[assignment]

    def once() -> None:
        look(queue="measured", context=world.context())

    query, _ = _seconds(lambda: list(serving()))
    with _Serving(answers=True):
        once()
        well, processor = _seconds(once)
    assert OpenEdXAppServer.objects.filter(healthy_since__isnull=False).count() == size
    refused, _ = _seconds(once)
    with _Serving(answers=False):
        silent, _ = _seconds(once)
    return (
        f"| {size:,} | {query:.2f} s | {well:.1f} s, {processor:.1f} s"
        f" | {refused:.1f} s | {silent:.0f} s |"
    )


class _Serving:
    """The services of all app servers: they answer, or accept connections and stay silent."""

    def __init__(self, *, answers: bool) -> None:
        self._sockets = [socket.create_server((ADDRESS, port), backlog=4096) for port in PORTS]
        self._answers = answers

    def __enter__(self) -> None:
        self._child = os.fork() if self._answers else 0
        if self._answers and not self._child:
            asyncio.run(_serve(self._sockets))

    def __exit__(self, *_: object) -> None:
        if self._child:
            os.kill(self._child, 9)
            os.waitpid(self._child, 0)
        for listener in self._sockets:
            listener.close()


async def _serve(sockets: list[socket.socket]) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        writer.close()

    servers = [await asyncio.start_server(answer, sock=sock, backlog=4096) for sock in sockets]
    await asyncio.gather(*(server.serve_forever() for server in servers))


def _seconds(call: Callable[[], object]) -> tuple[float, float]:
    """Return the elapsed time and the processor time of a call, in seconds."""
    began, used = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    call()
    now = resource.getrusage(resource.RUSAGE_SELF)
    processor = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    return time.monotonic() - began, processor


if __name__ == "__main__":
    text = main()
    sys.stdout.write(text)
    if "--write" in sys.argv:
        page.write("look", text)
