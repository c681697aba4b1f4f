"""The search server under gunicorn, configured by the YAML file that SEARCH_CFG names."""

from pathlib import Path

from rehearsal.common import configuration
from rehearsal.search.app import Application

# The vendor's names of settings. The password is that of `elastic`, which may do everything.
CONFIGURATION = configuration.read("SEARCH_CFG", required=("path.data", "bootstrap.password"))
application = Application(
    Path(CONFIGURATION["path.data"]) / "search.sqlite3",
    password=str(CONFIGURATION["bootstrap.password"]),
    cluster=CONFIGURATION.get("cluster.name") or "elasticsearch",
)
