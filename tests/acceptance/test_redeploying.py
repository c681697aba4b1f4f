"""The specification's walk-through: ironwood.2 to juniper.2, with a migration that is broken."""

import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.acceptance.installation import REPOSITORY, Installation, until
from tests.acceptance.traffic import Traffic, Visitor, served_by
from tests.docs.pages import blocks

pytestmark = pytest.mark.timeout(900)

TUTORIAL = REPOSITORY / "docs/tutorial-rollout.md"
IRONWOOD = "opencraft-release/ironwood.2"
JUNIPER = "opencraft-release/juniper.2"
UPDATE = f"""---
openedx_release: open-release/juniper.2
edx_platform_repository_url: https://github.com/open-craft/edx-platform
edx_platform_commit: {JUNIPER}
configuration_source_repo_url: https://github.com/open-craft/configuration
configuration_version: {JUNIPER}
"""
SQL = """---
# Faking this migration
- "INSERT into django_migrations (app, name) values('thumbnail', '0001_initial');"
"""


class Fleet:
    """Four sites on ironwood.2, two of which are not to be touched."""

    def __init__(self, installation: Installation, directory: Path) -> None:
        self.installation = installation
        self.domains = [f"school-{number}.localhost" for number in range(4)]
        self.kept = self.domains[2:]
        self.upgraded = self.domains[:2]
        for domain in self.domains:
            installation.instance(
                domain,
                openedx_release="open-release/ironwood.2",
                edx_platform_commit=IRONWOOD,
            )
            installation.ocim("appserver", "spawn", domain, "--activate", "--no-wait")
        until(lambda: self.serving() == [IRONWOOD] * 4, "they do not come up", seconds=300)
        ids = [installation.json("instance", "show", domain)["id"] for domain in self.kept]
        self.directory = directory / "upgrade"
        self.directory.mkdir()
        # Other tests have instances of ironwood.2 in the same installation.
        ours = "internal_lms_domain__startswith: school-"
        self.write("filter.yml", f"---\nedx_platform_commit: {IRONWOOD}\n{ours}\n")
        self.write("exclude.yml", f"---\nref_set__id__in:\n  - {ids[0]}\n  - {ids[1]}\n")
        self.write("update.yml", UPDATE)
        self.write("sql.yml", SQL)

    def write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)

    def serving(self, domains: list[str] | None = None) -> list[str]:
        """Return the release that each of them shows."""
        return [self._release(domain) for domain in domains or self.domains]

    def _release(self, domain: str) -> str:
        try:
            with Visitor(self.installation, domain) as visitor:
                return served_by(visitor.get("/").text)
        except httpx.HTTPError as error:  # the balancer does not know it yet
            return repr(error)

    def redeploy(self, *more: str) -> "subprocess.CompletedProcess[str]":
        """Run the walk-through's command, in its queue, through honcho."""
        words = [
            *("honcho", "run", "python3", "manage.py", "instance_redeploy"),
            *("--batch-size=6", "--tag=juniper2"),
            f"--filter=@{self.directory}/filter.yml",
            f"--exclude=@{self.directory}/exclude.yml",
            f"--update=@{self.directory}/update.yml",
            *more,
        ]
        path = f"{Path(sys.executable).parent}:{self.installation.environment['PATH']}"
        return subprocess.run(
            words,
            cwd=REPOSITORY,
            env=self.installation.environment
            | {"PATH": path, "HUEY_QUEUE_NAME": "opencraft_low_priority"},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def tags(self) -> dict[str, list[str]]:
        return {
            domain: self.installation.json("instance", "show", domain)["tags"]
            for domain in self.domains
        }


def like_the_page(name: str, said: str) -> None:
    """Check that every line of the tutorial is printed, with any numbers, in any order."""
    [block] = [item for item in blocks(TUTORIAL, "text") if item.more == name]
    shown = {_without_numbers(line) for line in block.text.splitlines() if line.strip() != "…"}
    assert shown <= {_without_numbers(line) for line in said.splitlines()}, said


def _without_numbers(line: str) -> str:
    # A plan's hash, ids, times, how long it took; but school-1 and juniper2 are names.
    line = re.sub(r"\bplan [0-9a-f]{12}", "plan …", line.strip())
    line = re.sub(r"\d[\d.:-]*( MB| kB| s\b)", "…", line)
    line = re.sub(r"\b\d+:\d\d:\d\d\b", "…", line)
    # Two upgrades begin at once, and either makes the dry run for all.
    line = re.sub(r"\bas for school-.*", "as for …", line)
    return re.sub(
        r"\b(id|rollout|Rollout|app server|show|resume|watch|retry|undo) \d+", r"\1 …", line
    )


@pytest.fixture(scope="module")
def fleet(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return Fleet(installation, tmp_path_factory.mktemp("fleet"))


def test_the_walk_through_upgrades_the_fleet_without_one_failed_request(fleet: Fleet) -> None:
    shown = fleet.redeploy("--show-instances")
    assert shown.returncode == 0, shown.stderr
    assert all(domain in shown.stdout for domain in fleet.upgraded)
    assert not any(domain in shown.stdout for domain in fleet.kept)
    like_the_page("shown", shown.stdout)

    with ExitStack() as stack:
        visitors = [
            stack.enter_context(Traffic(fleet.installation, domain, visitors=1))
            for domain in fleet.domains
        ]

        broken = fleet.redeploy("--force")
        assert broken.returncode == 3, broken.stdout + broken.stderr
        assert broken.stdout.count("FAILED: ") == 2
        like_the_page("broken", broken.stdout)
        assert 'table "thumbnail_kvstore" already exists' in broken.stdout
        assert fleet.tags() == {
            domain: ["juniper2-failed"] if domain in fleet.upgraded else []
            for domain in fleet.domains
        }
        assert fleet.serving() == [IRONWOOD] * 4

        sql = f"--preupgrade-sql-commands=@{fleet.directory}/sql.yml"
        mended = fleet.redeploy("--force", "--num-attempts=3", "--retry-failed", sql)
        assert mended.returncode == 0, mended.stdout + mended.stderr
        assert mended.stdout.count("SUCCESS: ") == 2
        like_the_page("mended", mended.stdout)
        number = fleet.installation.json("rollout", "list")[0]["id"]
        like_the_page("report", fleet.installation.ocim("rollout", "report", str(number)))
        assert fleet.tags() == {
            domain: ["juniper2"] if domain in fleet.upgraded else [] for domain in fleet.domains
        }
        assert fleet.serving(fleet.upgraded) == [JUNIPER] * 2
        assert fleet.serving(fleet.kept) == [IRONWOOD] * 2
    assert [visitor.failures for visitor in visitors] == [[]] * 4
