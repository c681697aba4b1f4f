"""Real processes on real files: `manage.py` and gunicorn, as a server runs them."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONFIGURATIONS = ("LMS_CFG", "STUDIO_CFG", "SEARCH_CFG", "ECOMMERCE_CFG", "DISCOVERY_CFG")


def environment(configuration: Path) -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    # A second, the default, is little on a machine that runs other tests too.
    patience = {"EDX_REST_API_CLIENT_REQUEST_READ_TIMEOUT": "60"}
    return {**kept, **patience, **dict.fromkeys(CONFIGURATIONS, str(configuration))}


def manage(
    configuration: Path, *arguments: str, script: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` with `arguments` and `script` as its input, to its end."""
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *arguments],
        env=environment(configuration),
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )


def free_port() -> int:
    """Return a port of this machine on which nothing listens just now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def gunicorn(configuration: Path, service: str, *, port: int = 0) -> Iterator[str]:
    """Run a service with two workers until the block ends. Yield its address."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", f"rehearsal.{service}.wsgi:application"),
            *("--preload", "--workers=2", f"--bind=127.0.0.1:{port}", "--no-control-socket"),
            # A worker that is still starting does not hear that it shall end.
            "--graceful-timeout=2",
        ],
        cwd=ROOT,
        env=environment(configuration),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        log = ""
        for line in process.stderr:
            log += line
            if result := re.search(r"Listening at: (\S+)", line):
                yield result[1]
                return
        raise AssertionError(f"gunicorn did not start:\n{log}")
    finally:
        process.terminate()
        process.stderr.close()
        process.wait()
