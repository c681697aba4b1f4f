"""Start a local host, in its sandbox: `python -I -m ocim.adapters.providers.local.boot`.

What is done here is done with the host's own view of the machine: a link that one of its programs
has put into the root leads nowhere else.
"""

import os
import sys
from pathlib import Path

from supervisor import supervisord

from ocim.adapters.providers import processes
from ocim.adapters.providers.local.furnishing import prepare_root
from ocim.adapters.providers.local.shims import SUPERVISOR_CONF


def main() -> None:
    """Make the host's own files afresh, and become its supervisord."""
    root = Path(os.environ[processes.MARK])
    try:
        prepare_root(root)
        os.chdir(root)
    except OSError as error:
        sys.exit(f"{error}")
    supervisord.main(["-c", SUPERVISOR_CONF])


if __name__ == "__main__":
    main()
