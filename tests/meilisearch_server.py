"""The rehearsal's Meilisearch, for tests of whoever talks to one."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / "rehearsal/docker/meilisearch/server.py"


@contextmanager
def running_meilisearch(directory: Path, master: str) -> Iterator[int]:
    """Yield the port of a server with its files in `directory`, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, PROGRAM],
        env={
            **os.environ,
            "MEILI_DB_PATH": str(directory),
            "MEILI_MASTER_KEY": master,
            "MEILI_HTTP_ADDR": "127.0.0.1:0",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        port = re.search(r":(\d+)$", line.strip())
        assert port, line
        yield int(port[1])
    finally:
        process.terminate()
        process.stdout.close()
        process.wait()
