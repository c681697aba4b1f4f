"""The worker, whose file of settings is made of the module that the environment names."""

import os
from importlib import import_module
from pathlib import Path

import yaml

_module = import_module(os.environ["WORKER_CONFIGURATION_MODULE"])
_file = Path("/tmp/worker.yml")  # noqa: S108 (a container's own)
_file.touch(mode=0o600)
_file.write_text(
    yaml.safe_dump({name: value for name, value in vars(_module).items() if name.isupper()})
)
os.environ["ECOMMERCE_WORKER_CFG"] = str(_file)

from rehearsal.ecommerce.worker.app import app  # noqa: E402, F401 (it reads the file)
