"""Random kills while visitors come, a rollout runs and app servers are spawned: nobody notices.

    SOAK_MINUTES=15 SOAK_KILLS=30 SOAK_SEED=7 pytest -n 0 tests/acceptance/test_soak.py

Without SOAK_MINUTES it is skipped: kills of each kind are tested one by one in `test_kills.py`,
`test_crashes.py`, `test_staying_up.py` and `test_redeploy_chaos.py`. The seed of a run is in its
failure.
"""

import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from itertools import count

import httpx
import psutil
import pytest

from tests.acceptance.installation import Installation, command_line, until
from tests.acceptance.spine import assert_no_other_hosts, is_served
from tests.acceptance.traffic import Traffic
from tests.console.processes import OCIM

MINUTES = float(os.environ.get("SOAK_MINUTES", "0"))
KILLS = int(os.environ.get("SOAK_KILLS", "30"))
SEED = int(os.environ.get("SOAK_SEED", "96"))
pytestmark = [
    pytest.mark.timeout(int(MINUTES * 60) + 600),
    pytest.mark.skipif(not MINUTES, reason="SOAK_MINUTES is not set"),
]

DOMAINS = tuple(f"soak-{number}.localhost" for number in range(3 if MINUTES > 1 else 1))
RELEASES = ("open-release/juniper.1", "open-release/juniper.2")
VISITORS = 2
"""Number for each instance."""
ROLES = {
    "supervisord": "supervisor.supervisord",
    "guard": "ocim.processes.guard",
    "edge": "edge.json",
    "waiting edge": "balancer run edge",
    "router": "router.json",
    "waiting router": "balancer run router",
    "pages": "ocim.project.main web",
    "worker": "ocim.project.main worker",
}


def roles(installation: Installation) -> dict[str, list[psutil.Process]]:
    """Return the kinds of processes to kill."""
    present: dict[str, list[psutil.Process]] = {}
    for process in installation.processes():
        line = command_line(process)
        for role, words in ROLES.items():
            if words in line:
                present.setdefault(role, []).append(process)
    return present


class Work:
    """Thread that starts one rollout after the other, and a spawn beside each."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.done = 0
        self._tags = count()
        self._running: subprocess.Popen[str] | None = None

    def go_on(self) -> None:
        """Begin what comes next, if nothing runs."""
        if self._running is None:
            self._begin()
        elif self._running.poll() is not None:
            self.finish()
            self._begin()

    def finish(self) -> None:
        assert self._running is not None
        output, _ = self._running.communicate(timeout=500)
        assert self._running.returncode == 0, f"seed {SEED}: {output}"
        self._running = None
        self.done += 1

    def _begin(self) -> None:
        number = next(self._tags)
        self.installation.ocim("appserver", "spawn", DOMAINS[-1], "--no-wait")
        words = [
            *("redeploy", "--force", f"--tag=soak-{number}", "--batch-size=1"),
            "--filter={internal_lms_domain__startswith: soak-}",
            f"--update={{edx_platform_commit: {RELEASES[1 - number % 2]}}}",
        ]
        self._running = subprocess.Popen(
            [OCIM, *words],
            cwd=self.installation.directory,
            env=self.installation.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def test_random_kills_are_not_noticed(installation: Installation) -> None:
    for domain in DOMAINS:
        installation.instance(domain, edx_platform_commit=RELEASES[0])
        installation.ocim("appserver", "spawn", domain, "--activate", "--no-wait")
    until(lambda: all(is_served(installation, domain) for domain in DOMAINS), installation.log())
    before = at_rest(installation)
    chance, killed, work = random.Random(SEED), Counter[str](), Work(installation)  # noqa: S311
    left: list[str] = []

    with ExitStack() as visits:
        traffic = [
            visits.enter_context(Traffic(installation, domain, visitors=VISITORS))
            for domain in DOMAINS
        ]
        began = time.monotonic()
        for number in range(1, KILLS + 1):
            work.go_on()
            due = began + number * MINUTES * 60 / KILLS
            time.sleep(max(0.0, due - time.monotonic()))
            if not left:
                left = chance.sample(sorted(ROLES), len(ROLES))
            role = left.pop()
            present = until(partial(alive, installation, role), f"{role} does not come back")
            chance.choice(sorted(present, key=lambda one: one.pid)).kill()
            killed[role] += 1
        work.finish()

    output = f"seed {SEED}, killed {dict(killed)}"
    failures = [failure for item in traffic for failure in item.failures]
    assert [failure for item in traffic for failure in item.refused] == [], output
    # Lost with an edge are the requests that it was just passing on, and no others.
    assert len(failures) <= killed["edge"] * VISITORS * len(DOMAINS), f"{output}: {failures}"
    assert all(set(item.answers) <= {*RELEASES} for item in traffic), output
    answers = sum(item.answers.total() for item in traffic)
    longest = max(item.longest for item in traffic)
    output += (
        f": {answers} answers, {len(failures)} lost, longest {longest:.2f} s, {work.done} rollouts"
    )
    print(output)  # noqa: T201 - the figures of a run
    until_equal(lambda: counted(installation), before, output)
    until_equal(lambda: unfinished(installation), [], output)
    assert_no_other_hosts(installation)
    assert httpx.get(f"http://{installation.web_address}/").status_code < 500


def until_equal(look: Callable[[], object], expected: object, told: str) -> None:
    """Wait until what is looked at is as expected; else say what it is."""
    with suppress(AssertionError):
        until(lambda: look() == expected, "")
    assert look() == expected, told


def alive(installation: Installation, role: str) -> list[psutil.Process]:
    return roles(installation).get(role, [])


def at_rest(installation: Installation) -> Counter[str]:
    """Return how many there are of each, once that stays: one that just forks is there twice."""
    earlier, counts = Counter[str](), counted(installation)
    while earlier != counts:
        time.sleep(0.5)
        earlier, counts = counts, counted(installation)
    return counts


def counted(installation: Installation) -> Counter[str]:
    """Count what runs.

    After supervisord was killed, its balancer serves on, and two processes of the next one wait.
    """
    counts = Counter({role: len(processes) for role, processes in roles(installation).items()})
    for role in ("waiting edge", "waiting router"):
        if counts[role] == 2:
            counts[role] = 1
    return counts


def unfinished(installation: Installation) -> list[str]:
    """Return the app servers that jobs still work on."""
    over = ("running", "terminated", "failed")
    states = [
        appserver["state"] for domain in DOMAINS for appserver in installation.appservers(domain)
    ]
    return [state for state in states if state not in over]
