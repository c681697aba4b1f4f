"""Two rollouts, a spawn and an archiving at once, on the same instances and real workers."""

import json
import subprocess
import sys
from itertools import groupby

import pytest

from tests.acceptance.installation import REPOSITORY, Installation, until
from tests.acceptance.spine import OF_INSTANCE, answers, assert_no_other_hosts, served
from tests.acceptance.traffic import Traffic

pytestmark = pytest.mark.timeout(600)

STAYING, GOING = "both-stays.localhost", "both-goes.localhost"
UPDATES = {
    "name": "{name: Another name}",
    "address": "{email: help@example.com}",
}
"""Changes by tag of a rollout: different fields, since the later rollout would refuse the same."""
WORK = ("Checking the configuration.", "Provisioning ", "Running.", "Active.")
"""Beginnings of the log's lines while an app server is made."""

ROLLOUTS = "select count(*) from store_rollout"
MADE = f"select count(*) {OF_INSTANCE} and state in ('running', 'failed', 'terminated')"
"""Number of an instance's app servers that are not being made any more."""


def redeploy(installation: Installation, tag: str) -> "subprocess.Popen[str]":
    words = [
        *("redeploy", "--force", f"--tag={tag}", "--batch-size=2"),
        "--filter={internal_lms_domain__startswith: both-}",
        f"--update={UPDATES[tag]}",
    ]
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=REPOSITORY,
        env=installation.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def at_work(installation: Installation, domain: str) -> list[int]:
    """Return the order of the app servers' steps, as their logs tell."""
    lines = []
    for appserver in installation.appservers(domain):
        log = installation.ocim("appserver", "logs", str(appserver["id"]), "--json")
        lines += [
            (line["time"], appserver["id"])
            for line in map(json.loads, log.splitlines())
            if line["text"].startswith(WORK)
        ]
    return [appserver for appserver, _ in groupby(sorted(lines), key=lambda line: line[1])]


def test_what_is_asked_for_at_once_is_done_one_after_the_other(
    installation: Installation,
) -> None:
    for domain in (STAYING, GOING):
        served(installation, domain)
    before = installation.ask(ROLLOUTS)
    with Traffic(installation, STAYING, visitors=2) as visitors:
        commands = [redeploy(installation, tag) for tag in UPDATES]
        installation.ocim("appserver", "spawn", STAYING, "--activate", "--no-wait")
        until(lambda: installation.ask(ROLLOUTS) == before + 2, installation.log())
        installation.ocim("instance", "archive", GOING, "--yes")
        output = [command.communicate()[0] for command in commands]
        until(lambda: installation.ask(MADE, STAYING) == 4, str(output))
    assert len(at_work(installation, STAYING)) == 4, output
    assert visitors.failures == []
    staying = installation.json("instance", "show", STAYING)
    assert set(staying["tags"]) == set(UPDATES), output
    assert staying["name"] in UPDATES["name"]
    assert staying["email"] in UPDATES["address"]
    for domain in (STAYING, GOING):
        turns = at_work(installation, domain)
        assert len(turns) == len(set(turns)), installation.log()
    assert [appserver["active"] for appserver in installation.appservers(STAYING)].count(True) == 1
    assert answers(installation, STAYING)
    assert {appserver["state"] for appserver in installation.appservers(GOING)} == {"terminated"}
    assert_no_other_hosts(installation)
