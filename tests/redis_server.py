"""A Redis of a test's own, in a private directory, reached by a socket there."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.leftovers import PREFIX


@contextmanager
def redis_server() -> Iterator[str]:
    """Yield its URL; nothing of it is left afterwards."""
    directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    socket = directory / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(directory)]
    process = subprocess.Popen(["redis-server", *options], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        for line in process.stdout:
            if "ready to accept connections" in line.lower():
                break
        else:
            raise AssertionError("Redis did not start.")
        yield f"unix://{socket}"
    finally:
        process.kill()
        process.communicate()
        shutil.rmtree(directory)
