"""The rehearsal's search server, for tests of whoever talks to one."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from ocim.core.instance import SearchHost
from ocim.core.secrets import Secret

REHEARSAL = Path(__file__).parents[1] / "rehearsal"
PASSWORD = "the master's 50% password"


@contextmanager
def running_search_server(directory: Path) -> Iterator[SearchHost]:
    """Yield a search server with its files in `directory`, until the block ends."""
    configuration = directory / "elasticsearch.yml"
    content = {"path.data": str(directory), "bootstrap.password": PASSWORD}
    configuration.write_text(yaml.safe_dump(content))
    process = subprocess.Popen(
        [sys.executable, "-m", "rehearsal.search", "127.0.0.1:0"],
        cwd=REHEARSAL,
        env={**os.environ, "SEARCH_CFG": str(configuration), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        url = re.search(r"http://\S+", line)
        assert url, line
        yield SearchHost(f"{url[0]}/", "elastic", Secret(PASSWORD))
    finally:
        process.terminate()
        process.stdout.close()
        process.wait()
