import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ocim.adapters.memory.provisioners import MemoryRun
from ocim.core.errors import TransientError
from ocim.operations.rollouts import control
from ocim.store.models import (
    InstanceTag,
    OpenEdXAppServer,
    OpenEdXInstance,
    Rollout,
    Upgrade,
    Worker,
)
from tests.console.conftest import Installation, Ran

UPDATE = "{edx_platform_commit: new}"


@pytest.fixture
def fleet(ocim: Installation) -> Iterator[list[OpenEdXInstance]]:
    """Yield two instances that serve an old release."""
    ids = [
        ocim.campus("edx_platform_commit=old", domain=f"{name}.example.com")
        for name in ("north", "south")
    ]
    for pk in ids:
        ocim.served(pk)
    yield list(OpenEdXInstance.objects.order_by("pk"))
    ocim.databases.close()


def redeploy(ocim: Installation, *words: str) -> Ran:
    return ocim("redeploy", "--tag=lilac", f"--update={UPDATE}", *words)


def fail(ocim: Installation, message: str = "no such tag", many: int = 1) -> None:
    """Let the next app servers not be provisioned."""
    newest = OpenEdXAppServer.objects.order_by("-id")[0].pk
    for pk in range(newest + 1, newest + 1 + many):
        ocim.provisioner.runs[f"appserver-{pk}"] = MemoryRun(fails_with=message)


def commits() -> list[str]:
    result = OpenEdXInstance.objects.order_by("pk")
    return list(result.values_list("edx_platform_commit", flat=True))


def test_it_tells_what_operators_know(ocim: Installation, fleet: list[OpenEdXInstance]) -> None:
    fail(ocim)

    ran = redeploy(ocim, "--force", "--batch-size=1")

    assert ran.status == 3
    lines = ran.out.splitlines()
    north, south = fleet
    assert f"  {north}" in lines
    assert "      edx_platform_commit: old → new" in lines
    assert lines[lines.index("Batch size: 1") :][:3] == [
        "Batch size: 1",
        "Batch frequency: 0:10:00",
        "Number of attempts: 1",
    ]
    output = [line for line in lines if line.split(":")[0].isupper()]
    assert output == [
        f"SPAWNING: {north}", f"FAILED: {north}", f"SPAWNING: {south}", f"SUCCESS: {south}",
    ]  # fmt: skip
    assert lines[-5:] == [
        "******* Status *******",
        "  Instances pending: 0",
        "  Instances in progress: 0",
        "  Instances failed: 1",
        "  Instances successful: 1",
    ]
    assert "  install: no such tag" in lines


def test_the_line_of_an_instance_has_its_name_domain_and_id(
    ocim: Installation, fleet: list[OpenEdXInstance]
) -> None:
    OpenEdXInstance.objects.filter(pk=fleet[0].pk).update(name="North Campus")
    ran = redeploy(ocim, "--force")
    assert f"SUCCESS: North Campus (north.example.com, id {fleet[0].pk})" in ran.out


def test_people_are_told_of_it(ocim: Installation, fleet: object) -> None:
    fail(ocim)
    redeploy(ocim, "--force")
    assert [notice.title.split(") ")[1] for _, notice in ocim.notifier.sent] == [
        "begun: 2 pending", "ended: 1 successful, 1 failed",
    ]  # fmt: skip


def test_notices_can_be_tried(ocim: Installation) -> None:
    ran = ocim("rollout", "test-notice")
    assert (ran.status, ran.out) == (0, "Sent: mail\n")
    ocim.notifier.refusals["mail"] = TransientError("The mail server is away.")
    ran = ocim("rollout", "test-notice")
    assert (ran.status, ran.out) == (1, "The mail server is away.\n")


def test_the_old_name_of_the_command_goes(ocim: Installation, fleet: object) -> None:
    ran = ocim("instance_redeploy", "--tag=lilac", f"--update={UPDATE}", "--force")
    assert ran.status == 0
    assert commits() == ["new", "new"]


@pytest.mark.parametrize("answer", ["yes", "y", "Yeah", " Y"])
def test_an_answer_that_begins_with_y_goes_on(
    ocim: Installation, fleet: object, types: Callable[[str], None], answer: str
) -> None:
    types(answer)
    ran = redeploy(ocim)
    assert ran.status == 0
    assert "Do you want to continue? [yes/No]" in ran.out
    assert commits() == ["new", "new"]


@pytest.mark.parametrize("answer", ["", "no", "n", "of course", "1"])
def test_every_other_answer_cancels(
    ocim: Installation, fleet: object, types: Callable[[str], None], answer: str
) -> None:
    types(answer)
    ran = redeploy(ocim)
    assert (ran.status, ran.err) == (2, "Error: Cancelled: nothing was done.\n")
    assert not Rollout.objects.exists()


def test_without_anybody_to_ask_it_wants_to_be_told(ocim: Installation, fleet: object) -> None:
    ran = redeploy(ocim)
    assert ran.status == 2
    assert "--force" in ran.err


@pytest.mark.parametrize("form", ["@{}", "{}"])
def test_documents_may_be_files(
    ocim: Installation, fleet: list[OpenEdXInstance], tmp_path: Path, form: str
) -> None:
    texts = {
        "filter": "---\nedx_platform_commit: old\n",
        "exclude": f"---\nref_set__id__in:\n  # Gritty Reboot Division\n  - {fleet[0].pk}\n",
        "update": "---\nedx_platform_commit: new\n",
        "preupgrade-sql-commands": '---\n# a reason\n- "CREATE TABLE seen (n INTEGER);"\n',
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.yml").write_text(text)
    words = [f"--{name}={form.format(tmp_path / f'{name}.yml')}" for name in texts]

    ran = ocim("instance_redeploy", "--tag=juniper2", "--force", *words)

    assert ran.status == 0, ran.err
    assert "SQL: CREATE TABLE seen (n INTEGER);" in ran.out
    assert commits() == ["old", "new"]
    rollout = Rollout.objects.get()
    assert rollout.arguments["filter"] == {"edx_platform_commit": "old"}
    assert rollout.arguments["exclude"] == {"ref_set__id__in": [fleet[0].pk]}


def rows() -> dict[str, int]:
    models = (Rollout, Upgrade, InstanceTag, OpenEdXAppServer, OpenEdXInstance.tags.through)
    return {str(model): model._default_manager.count() for model in models}


def test_showing_writes_nothing(ocim: Installation, fleet: list[OpenEdXInstance]) -> None:
    before = rows()
    ran = redeploy(ocim, "--show-instances")
    assert ran.status == 0
    assert all(str(item) in ran.out for item in fleet)
    assert "edx_platform_commit: old → new" in ran.out
    assert rows() == before
    assert commits() == ["old", "old"]


def test_a_scheduled_rollout_is_not_waited_for(ocim: Installation, fleet: object) -> None:
    ran = redeploy(ocim, "--force", "--at=2099-05-04T22:00+02:00")
    assert ran.status == 0
    assert "It begins at 2099-05-04 20:00 UTC, and is planned anew then." in ran.out
    rollout = Rollout.objects.get()
    assert f"Scheduled rollout {rollout.pk}: " in ran.out
    assert (rollout.state, commits()) == ("scheduled", ["old", "old"])
    assert "begins 2099-05-04 20:00:00 UTC" in ocim("rollout", "report", rollout.pk).out


def test_it_tells_which_variables_change_and_where(
    ocim: Installation, fleet: list[OpenEdXInstance]
) -> None:
    north, south = fleet
    ocim("instance", "set", north.pk, "configuration_extra_settings=EDXAPP_THING: 1")
    lines = redeploy(ocim, "--show-instances").out.splitlines()
    common = lines.index("Variables that change in all 2 instances:")
    assert "      edx_platform_version: old → new" in lines[common:]
    own = lines.index(f"Variables that change in {north.name} (north.example.com, id {north.pk}):")
    assert lines[own + 1] == "      EDXAPP_THING: (not set) → 1"
    ran = ocim("redeploy", "--tag=x", "--show-instances")
    assert f"No variable changes in {south}." in ran.out


def test_extra_settings_are_not_shown(ocim: Installation, fleet: object) -> None:
    ran = ocim(
        "redeploy", "--tag=x", "--show-instances",
        "--update={configuration_extra_settings: 'SOME_PASSWORD: hunter2'}",
    )  # fmt: skip
    assert "configuration_extra_settings: (0 lines) → (1 line)" in ran.out
    assert "hunter2" not in ran.out


def test_what_is_left_out_is_told_with_the_reason(ocim: Installation, fleet: object) -> None:
    new = ocim.campus(domain="new.example.com")
    ran = redeploy(ocim, "--show-instances")
    assert f"id {new}): it has never had a working app server." in ran.out


def test_waves_are_shown(ocim: Installation, fleet: list[OpenEdXInstance]) -> None:
    output = redeploy(ocim, "--show-instances", "--waves=50%").out.splitlines()
    assert [f"  {fleet[0]}" in output, f"  {fleet[1]}   (wave 2)" in output] == [True, True]


def test_a_plan_is_applied_as_it_was_made(
    ocim: Installation, fleet: object, tmp_path: Path
) -> None:
    file = tmp_path / "plan.json"
    made = redeploy(ocim, f"--plan-out={file}", "--batch-size=5", "--num-attempts=2")
    assert (made.status, file.stat().st_mode & 0o777) == (0, 0o600)
    assert commits() == ["old", "old"]

    ran = ocim("redeploy", f"--plan={file}", "--force", "--num-attempts=3")
    assert (ran.status, commits()) == (0, ["new", "new"])
    assert "Batch size: 5\nBatch frequency: 0:10:00\nNumber of attempts: 3" in ran.out


def test_a_plan_for_what_has_changed_since_is_refused(
    ocim: Installation, fleet: list[OpenEdXInstance], tmp_path: Path
) -> None:
    file = tmp_path / "plan.json"
    redeploy(ocim, f"--plan-out={file}")
    ocim("instance", "set", fleet[0].pk, "edx_platform_commit=mine")
    ran = ocim("redeploy", f"--plan={file}", "--force")
    assert ran.status == 2
    assert "edx_platform_commit was 'old' and is 'mine'" in ran.err
    assert commits() == ["mine", "old"]


@pytest.mark.parametrize(
    "words, said",
    [
        (["--tag=x", "--preupgrade-sql-commands=SELECT 1"], "must be a list of SQL statements"),
        (["--tag=x", "--preupgrade-sql-commands=@/dev/null"], "must be a list of SQL statements"),
        (["--tag=x", "--preupgrade-sql-commands=['SELECT 1; SELECT 2']"],
         "--preupgrade-sql-commands, line 1, column 2: this item contains 2 SQL statements"),
        (["--tag=x", "--batch-size=0"], "--batch-size must be 1 or more"),
        (["--tag=x", "--batch-frequency=inf"], "--batch-frequency must be 1 or more"),
        (["--tag=x", "--num-attempts=0"], "--num-attempts must be 1 or more"),
        (["--tag=x", "--window=at night"], "is not a window"),
        (["--tag=x", "--max-failures=many"], "neither a number nor a percentage"),
        (["--tag=x", "--waves=1,most"], "--waves: 'most' is no wave"),
        (["--tag=x", "--waves=50%", "--canary=1"], "write it as the first of --waves: 1,…"),
        (["--plan=plan.json", "--waves=1"], "--plan cannot be combined with --waves"),
        (["--tag=x", "--filter=@/nowhere.yml"], "cannot read"),
        (["--tag=x", "--update={edx_platform_comit: y}"], "Did you mean 'edx_platform_commit'?"),
        (["--plan=plan.json", "--tag=x"], "--plan cannot be combined with --tag"),
        (["--plan=/nowhere.json"], "cannot read"),
        ([], "--tag is missing"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(ocim: Installation, words: list[str], said: str) -> None:
    ran = ocim("redeploy", "--force", *words)
    assert ran.status == 2
    assert said in ran.err
    assert not Rollout.objects.exists()


def test_all_bad_arguments_are_told_at_once(ocim: Installation) -> None:
    ran = ocim(
        "redeploy", "--tag=x", "--batch-size=0", "--filter=[1]", "--update=[2]",
        "--preupgrade-sql-commands=no list",
    )  # fmt: skip
    assert ran.status == 2
    for option in ("--batch-size", "--filter", "--update", "--preupgrade-sql-commands"):
        assert option in ran.err


def test_nothing_to_upgrade_is_no_failure(ocim: Installation) -> None:
    ran = redeploy(ocim, "--force")
    assert ran.status == 0
    assert "No instance is to be upgraded." in ran.out


def test_a_batch_that_is_larger_than_the_workers_is_warned_of(
    ocim: Installation, fleet: object
) -> None:
    assert "run 1 job at once" in redeploy(ocim, "--force").out


def test_it_says_that_no_worker_is_alive(ocim: Installation, fleet: object) -> None:
    Worker.objects.all().delete()
    ran = redeploy(ocim, "--force", "--no-wait")
    assert "No worker serves queue opencraft" in ran.out


def test_an_interrupt_ends_the_watching_only(
    ocim: Installation, fleet: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupted)
    monkeypatch.setattr("ocim.console.management.commands.instance_redeploy.enqueue", list)
    ran = redeploy(ocim, "--force")
    assert ran.status == 130
    assert f"ocim rollout watch {Rollout.objects.get().pk}" in ran.out
    assert Rollout.objects.get().state == "running"


@pytest.fixture
def stopped(ocim: Installation, fleet: object) -> Rollout:
    """Return a rollout that stands still after its first instance failed."""
    fail(ocim)
    ran = redeploy(ocim, "--force", "--batch-size=1", "--max-failures=0")
    rollout = Rollout.objects.get()
    assert (ran.status, rollout.state) == (3, "paused")
    assert f"ocim rollout resume {rollout.pk}" in ran.out
    return rollout


def test_rollouts_are_listed(ocim: Installation, stopped: Rollout) -> None:
    [row] = ocim("rollout", "list", "--json").json
    assert (row["id"], row["tag"], row["state"]) == (stopped.pk, "lilac", "paused")
    assert (row["instances"], row["failed"], row["successful"]) == (2, 1, 0)


def test_one_is_shown_with_its_causes_and_how_to_go_on(
    ocim: Installation, stopped: Rollout
) -> None:
    ran = ocim("rollout", "show", stopped.pk)
    assert "1 failure, 1 cause" in ran.out
    assert f"ocim rollout retry {stopped.pk} --cause 'install: no such tag'" in ran.out
    shown: Any = ocim("rollout", "show", stopped.pk, "--json").json
    assert [instance["state"] for instance in shown["instances"]] == ["failed", "pending"]
    assert shown["instances"][0]["failure"].startswith("install: no such tag")


def test_it_goes_on_when_it_is_resumed(ocim: Installation, stopped: Rollout) -> None:
    assert ocim("rollout", "resume", stopped.pk).status == 0
    assert commits() == ["old", "new"]
    assert ocim("rollout", "watch", stopped.pk).status == 3


def test_failed_ones_are_tried_again(ocim: Installation, stopped: Rollout) -> None:
    assert ocim("rollout", "retry", stopped.pk, "--cause=install: no such tag").status == 0
    assert commits() == ["new", "new"]
    assert ocim("rollout", "watch", stopped.pk).status == 0


def test_what_stands_still_can_be_aborted(ocim: Installation, stopped: Rollout) -> None:
    assert ocim("rollout", "abort", stopped.pk).status == 0
    ran = ocim("rollout", "watch", stopped.pk)
    assert ran.status == 3
    assert "  Instances cancelled: 1" in ran.out


def test_one_that_runs_can_be_paused(
    ocim: Installation, fleet: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocim.console.management.commands.instance_redeploy.enqueue", list)
    redeploy(ocim, "--force", "--no-wait")
    rollout = Rollout.objects.get()
    assert ocim("rollout", "pause", rollout.pk).status == 0
    assert ocim("rollout", "watch", rollout.pk).status == 3
    with pytest.raises(Exception, match="Cannot pause"):
        control.pause(rollout)


def test_an_unknown_rollout_is_named(ocim: Installation) -> None:
    ran = ocim("rollout", "show", 7)
    assert (ran.status, "No rollout 7." in ran.err) == (1, True)


def test_the_plan_file_is_json(ocim: Installation, fleet: object, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    redeploy(ocim, f"--plan-out={file}")
    assert {"request", "items", "left_out", "hash", "sealed"} <= set(json.loads(file.read_text()))


def test_it_can_be_undone(ocim: Installation, fleet: object) -> None:
    redeploy(ocim, "--force")
    rollout = Rollout.objects.get()
    assert ocim("rollout", "undo", rollout.pk).status == 1  # nobody is there to be asked
    assert ocim("rollout", "undo", rollout.pk, "--yes").status == 0
    assert commits() == ["old", "old"]
    assert "  Instances undone: 2" in ocim("rollout", "show", rollout.pk).out


def test_databases_are_restored_from_a_backup(
    ocim: Installation, fleet: list[OpenEdXInstance]
) -> None:
    redeploy(ocim, "--force", "--backup")
    item = fleet[0].internal_lms_domain
    assert "Backup of edxapp" in ocim("rollout", "report", Rollout.objects.get().pk).out
    assert ocim("rollout", "restore", item).status == 1  # nobody is there to be asked
    restored = ocim("rollout", "restore", item, "--yes")
    assert (restored.status, restored.out.splitlines()[-1]) == (0, "Restored.")


def test_an_instance_without_a_backup_is_named(ocim: Installation, fleet: object) -> None:
    ran = ocim("rollout", "restore", "north.example.com", "--yes")
    assert ran.status == 1
    assert "No backup" in ran.err


def test_who_watches_is_told_of_a_pause_while_upgrades_are_under_way(
    ocim: Installation, fleet: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocim.console.management.commands.instance_redeploy.enqueue", list)
    redeploy(ocim, "--force", "--no-wait")
    rollout = Rollout.objects.get()
    under_way = rollout.upgrades.order_by("id")[:1]
    Upgrade.objects.filter(pk__in=under_way).update(state="in progress")
    control.pause(rollout, by="Ann")

    def go_on(_seconds: float) -> None:
        Upgrade.objects.filter(state="in progress").update(state="successful")

    clock = SimpleNamespace(monotonic=time.monotonic, sleep=go_on)
    monkeypatch.setattr("ocim.console.rollouts.watch.time", clock)
    output = ocim("rollout", "watch", rollout.pk).out
    paused = output.index("Paused: Ann paused it. Upgrades under way (1) go on to their end.")
    assert paused < output.index("SUCCESS: ") < output.index("ocim rollout resume")
