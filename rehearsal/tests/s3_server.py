"""A server with S3's interface on a directory: a folder in it is a bucket."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEY, SECRET = "the-campus", "its-secret-key"


@contextmanager
def s3_server(directory: Path) -> Iterator[str]:
    """Serve the buckets in `directory` until the block ends. Yield the address.

    The server checks signatures (version 4). It has no rights: its one key may do everything.
    """
    program = Path(sys.executable).with_name("rclone")
    process = subprocess.Popen(
        [program, "serve", "s3", "--addr=127.0.0.1:0", "--config=/dev/null", directory],
        env={"RCLONE_AUTH_KEY": f'"{KEY},{SECRET}"', "HOME": str(directory.parent)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    try:
        line = process.stderr.readline()
        address = re.search(r"http://[\d.:]+", line)
        assert address, line
        yield address[0]
    finally:
        process.terminate()
        process.stderr.close()
        process.wait()
