"""The keeper of a run, outside of its sandbox: `… keeper DIRECTORY COMMAND ARGUMENT …`.

The manager holds the keeper's standard input open. When that ends, the manager is gone, and the
keeper ends the whole run and removes its private directory.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

from ocim.adapters.provisioners.run_directory import EVENTS, end_run


def main(directory: Path, command: list[str]) -> int:
    """Run the command and return its exit status."""
    manager_is_gone = threading.Event()

    def watch() -> None:
        while os.read(0, 1024):
            pass
        manager_is_gone.set()
        end_run(directory)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    events = int(os.environ[EVENTS])
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(events,)) as process:
        os.close(events)  # so that the socket ends together with the run
        status = process.wait()
    if manager_is_gone.is_set():
        watcher.join()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
