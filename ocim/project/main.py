"""The `ocim` script, and `manage.py`: what visitors wait for starts without Django."""

import sys
from importlib import import_module

from ocim.core.errors import OcimError
from ocim.processes import balancer, supervisor
from ocim.project import options


def main() -> None:
    """Run the command that the arguments name."""
    supervisor.end_together()
    found = options.load()
    try:
        match sys.argv[1:]:
            case ["balancer", "run", role] if role in balancer.ROLES and not found.faults:
                balancer.become(found, role)
    except OcimError as error:
        sys.exit("\n".join([f"Error: {error.problem}", *filter(None, [error.remedy])]))
    import_module("ocim.console.main").main()  # it tells of all that is wrong with the settings


if __name__ == "__main__":
    main()
