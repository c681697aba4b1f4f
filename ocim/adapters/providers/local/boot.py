"""Start a local host, in its sandbox: `python -I -m ocim.adapters.providers.local.boot`.

The host's files are written from inside the sandbox, so that links which its programs have made
cannot lead out of the host.
"""

import os
import sys
from pathlib import Path

from supervisor import supervisord

from ocim.adapters.providers import processes
from ocim.adapters.providers.local.root import prepare_root
from ocim.adapters.providers.local.shims import SUPERVISOR_CONF


def main() -> None:
    """Write the host's own files, and become its supervisord."""
    root = Path(os.environ[processes.MARK])
    try:
        prepare_root(root)
        os.chdir(root)
    except OSError as error:
        sys.exit(f"{error}")
    supervisord.main(["-c", SUPERVISOR_CONF])


if __name__ == "__main__":
    main()
