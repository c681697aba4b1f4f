"""The shell of a service that is an empty Django project."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ocim.adapters.sessions import CommandSession
from ocim.catalog.releases import Release, traits
from ocim.catalog.steps.shells import session
from ocim.core.instance import Service

MANAGE = (
    "import sys; from django.core import management as m; m.execute_from_command_line(sys.argv)"
)


@contextmanager
def empty_service_shell(root: Path) -> Iterator[CommandSession]:
    """Yield a session with the shell of a service below the root."""
    home = root / "edx/app/ecommerce"
    python = home / "venvs/ecommerce/bin/python"
    for path, text in {
        python: f'#!/bin/sh\nexec {sys.executable} "$@"\n',
        home / "ecommerce_env": "export DJANGO_SETTINGS_MODULE=django.conf.global_settings\n",
        home / "ecommerce/manage.py": MANAGE,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    python.chmod(0o755)
    argv = session(Service.ECOMMERCE, traits(Release.of("juniper")), str(root))
    with closing(CommandSession(argv[argv.index("bash") :], host="one")) as opened:
        yield opened
