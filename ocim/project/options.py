"""Ocim's own settings: one dataclass, whose fields are the list, with defaults and meaning.

A value already in the environment wins over `.env`. What cannot be read falls back to the default
and is kept as a fault, so that the system checks can report all faults at once.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import environ


@dataclass(frozen=True)
class Options:
    """What may be set; the names in the environment are those of READERS."""

    var: Path
    debug: bool
    secret_key: str
    master_key: str
    allowed_hosts: tuple[str, ...]
    trusted_origins: tuple[str, ...]
    database: dict[str, object]
    secure_cookies: bool
    queue_name: str
    faults: tuple[str, ...] = field(default=())


def load(base: Path, environment: Mapping[str, str] = os.environ) -> Options:
    """Read the options from the environment and from `base`/.env."""
    values = dict(environment)
    env_file = base / ".env"
    if env_file.exists():
        from_file = environ.Env()
        from_file.ENVIRON = {}
        from_file.read_env(str(env_file))
        values = {**from_file.ENVIRON, **values}
    env = environ.Env()
    env.ENVIRON = values
    var = Path(env.str("OCIM_VAR", default=str(base / "var"))).resolve()
    master_key = env.str("OCIM_MASTER_KEY", default="") or _read(var / "master.key")
    return Options(
        var=var,
        debug=env.bool("OCIM_DEBUG", default=False),
        secret_key=env.str("SECRET_KEY", default="") or f"derived {master_key}",
        master_key=master_key,
        allowed_hosts=tuple(env.list("OCIM_ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])),
        trusted_origins=tuple(env.list("OCIM_TRUSTED_ORIGINS", default=[])),
        database=env.db("DATABASE_URL", default=f"sqlite:///{var}/ocim.sqlite3"),
        secure_cookies=env.bool("OCIM_SECURE_COOKIES", default=False),
        queue_name=env.str("HUEY_QUEUE_NAME", default="opencraft"),
    )


def _read(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""
