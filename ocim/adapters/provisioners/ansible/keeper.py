"""Watches over a run, outside of its sandbox: `… ansible_keeper DIRECTORY COMMAND ARGUMENT …`.

Standard input is held open by the manager; when that ends, the manager is gone, and the whole run
goes with it, its private directory too.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

from ocim.adapters.provisioners.ansible.run_directory import EVENTS, end_run


def main(directory: Path, command: list[str]) -> int:
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
        os.close(events)  # it ends for the manager when the run does
        status = process.wait()
    if manager_is_gone.is_set():
        watcher.join()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
