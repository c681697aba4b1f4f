"""Loading of the settings: the environment takes precedence over `.env`.

An invalid value is replaced by the default and recorded as a fault, so that the system checks can
report all faults at once.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ocim.project.env_file import read_env_file, read_text
from ocim.project.home import HOME
from ocim.project.options import Options, option_fields
from ocim.project.options.manager import QUEUE
from ocim.project.readers import READERS

ENV_FILE = HOME / ".env"
PREFIX = "OCIM_"
PASSWORDS = frozenset(
    {
        "OCIM_BROKER_PASSWORD",
        "OCIM_DATABASE_PASSWORD",
        "OCIM_MEILISEARCH_KEY",
        "OCIM_MONGODB_PASSWORD",
        "OCIM_SEARCH_PASSWORD",
        "OCIM_USER_PASSWORD",
    }
)
"""Variables that commands read for the servers that they register; they are no settings."""


def load(environment: Mapping[str, str] = os.environ, env_file: Path = ENV_FILE) -> Options:
    """Read the settings from the environment and from `env_file`, if there is one."""
    from_file, faults = read_env_file(env_file)
    if QUEUE in from_file:
        faults.append(
            f"{QUEUE}: set in {env_file}, where honcho lets it override the command line. Remove"
            " it, and set it for the command that shall use another queue."
        )
    values = {**from_file, **environment}
    options: dict[str, Any] = {}
    for option in option_fields():
        name = option.metadata["name"]
        if text := values.get(name, "").strip():
            try:
                options[option.name] = READERS[option.type](text)
            except ValueError as error:
                faults.append(f"{name}: {error}")
    options["var"] = Path(options.get("var", HOME / "var")).resolve()
    if "master_key" not in options:
        text, fault = read_text(options["var"] / "master.key")
        options["master_key"] = text.strip()
        faults += [f"OCIM_MASTER_KEY: {fault}"] if fault else []
    options.setdefault("secret_key", f"derived {options['master_key']}")
    known = PASSWORDS | {option.metadata["name"] for option in option_fields()}
    unknown = sorted(name for name in values if name.startswith(PREFIX) and name not in known)
    return Options(**options, faults=tuple(faults), unknown=tuple(unknown))
