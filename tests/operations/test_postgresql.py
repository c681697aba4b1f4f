"""The manager's own database may be PostgreSQL: there the same tests pass."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.leftovers import RUN
from tests.postgresql_server import postgresql_server

HERE = Path(__file__).parent
SUITES = ("rollouts/test_upgrade.py", "rollouts/test_sql.py", "test_jobs.py", "test_spawn.py")


@pytest.mark.timeout(900)
def test_use_cases_pass_on_postgresql_as_on_sqlite(tmp_path: Path) -> None:
    pytest_here = [sys.executable, "-m", "pytest", "-q", "-n0", f"--basetemp={tmp_path / 'tests'}"]
    with postgresql_server() as url:
        done = subprocess.run(
            [*pytest_here, *(str(HERE / name) for name in SUITES)],
            env=os.environ | {"DATABASE_URL": url, "TESTS_RUN": f"{RUN}-postgresql"},
            cwd=HERE.parents[1],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "passed" in done.stdout
