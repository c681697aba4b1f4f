"""A `manage.py` in the place of discovery's: its commands only say that they run.

Discovery's database is the one in `database.json`, beside the working directory's `log`.
`update_index` of the server `first` ends when the pipe `go on` is closed; that of `broken` fails.
"""

import json
import os
import sys
from importlib import resources
from pathlib import Path

import django
import pymysql
from django.conf import settings
from django.core.management import BaseCommand, execute_from_command_line, get_commands

SERVER = os.environ["SERVER"]


def note(command: str) -> None:
    with Path("log").open("a") as log:
        log.write(f"{SERVER} {command}\n")
    if SERVER == "first" and command == "update_index":
        Path("go on").read_text()
    if SERVER == "broken" and command == "update_index":
        sys.exit(3)


class UpdateIndex(BaseCommand):
    def handle(self, **_options: object) -> None:
        note("update_index")


def main(command: str, *arguments: str) -> None:
    if command not in ("shell", "program"):
        note(command)
        return
    pymysql.install_as_MySQLdb()
    settings.configure(DATABASES={"default": json.loads(Path("database.json").read_text())})
    if command == "shell":
        execute_from_command_line(["manage.py", "shell"])
        return
    django.setup()
    get_commands()["update_index"] = UpdateIndex()  # type: ignore[assignment]
    names: dict[str, object] = {}
    exec(resources.files("ocim.catalog").joinpath("programs/commands.py").read_text(), names)  # noqa: S102
    names["run"](json.loads(arguments[0]))  # type: ignore[operator]


if __name__ == "__main__":
    main(*sys.argv[1:])
