"""The build step that pyproject.toml cannot express: a wheel brings what lies beside the code."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

BUNDLED = ("playbooks", "rehearsal", "requirements")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info", ".*", "build", "tests")


class BuildWithBundled(build_py):
    """Copies to `ocim/bundled` what a checkout has beside the package (see ocim/core/places.py)."""

    def run(self) -> None:
        """Build the package, then copy the directories; an editable one finds them in place."""
        super().run()
        if not self.editable_mode:
            for name in BUNDLED:
                target = Path(self.build_lib, "ocim", "bundled", name)
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(name, target, ignore=LEFT_OUT)


setup(cmdclass={"build_py": BuildWithBundled})
