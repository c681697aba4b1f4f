"""Entry point of `ocim` and `manage.py`; commands that do not need Django start without it."""

import gc
import sys
from importlib.metadata import version
from pathlib import Path

from ocim.console.overview import overview
from ocim.processes import supervisor


def main() -> None:
    """Run the command that the arguments name."""
    # What is imported stays: to look for garbage meanwhile takes a tenth of a command's time.
    gc.disable()
    supervisor.end_together()
    match sys.argv[1:]:
        case ["--version"]:
            sys.stdout.write(f"ocim {version('ocim')}\n")
        case [] | ["--help"] | ["-h"] | ["help"]:
            sys.stdout.write(f"{overview(Path(sys.argv[0]).name)}\n")
        case ["balancer", "run", role]:
            from ocim.project.balancer import become

            become(role)
            _run()
        case _:
            _run()


def _run() -> None:
    """Run a management command, which reports all faults in the settings."""
    from ocim.console.main import main as run

    run()


if __name__ == "__main__":
    main()
