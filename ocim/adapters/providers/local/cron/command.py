"""The `crontab` command of a local host, as far as people and Ansible's cron module use it."""

import argparse
import os
import sys
from pathlib import Path

from ocim.adapters.providers.local.cron import CRONTAB
from ocim.adapters.providers.local.cron.table import parse


def main() -> int:
    """List, remove or replace the host's crontab; return the exit status."""
    parser = argparse.ArgumentParser(prog="crontab")
    parser.add_argument("-u", metavar="USER", default="root", help="accepted; all users are one")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("-l", action="store_true", help="list the crontab")
    action.add_argument("-r", action="store_true", help="remove the crontab")
    action.add_argument("file", nargs="?", help="install this file; - for standard input")
    options = parser.parse_args()
    crontab = Path(os.environ["OCIM_HOST_ROOT"], CRONTAB)
    if options.file is not None:
        return _install(crontab, options.file)
    if not crontab.exists():
        return _complain(f"no crontab for {options.u}")
    if options.l:
        sys.stdout.write(crontab.read_text())
    else:
        crontab.unlink()
    return 0


def _install(crontab: Path, source: str) -> int:
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text()
    except OSError as error:
        return _complain(f"crontab: {error}")
    _, faults = parse(text)
    if faults:
        return _complain("\n".join([*faults, "crontab: errors in the file, nothing installed"]))
    new = crontab.with_name(f"crontab.{os.getpid()}")
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(crontab)
    return 0


def _complain(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
