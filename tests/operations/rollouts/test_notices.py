from datetime import timedelta

import pytest

from ocim.adapters.memory.notifiers import MemoryNotifier
from ocim.core.actions import Action, SendNotices
from ocim.core.errors import PermanentError, TransientError
from ocim.core.notices import Notice
from ocim.core.rollout import Rules
from ocim.operations.rollouts import control, notices
from ocim.store.models import Rollout, RolloutEvent
from tests.operations.rollouts.fleet import Fleet, states

ADDRESS = "https://ocim.example.com"


def send(fleet: Fleet, event_id: int) -> list[Action]:
    return notices.send(event_id=event_id, address=ADDRESS, context=fleet.world.context())


def told(fleet: Fleet) -> list[Notice]:
    """Return all sent notices, after sending the waiting ones."""
    for action in notices.unsent(fleet.world.clock()):
        send(fleet, action.event_id)
    return [notice for _, notice in fleet.world.notifier.sent]


def begun(fleet: Fleet) -> Rollout:
    fleet.make()
    return fleet.begin(fleet.plan())


def test_people_are_told_that_it_begins_and_how_it_ended(fleet: Fleet) -> None:
    rollout = begun(fleet)
    fleet.run(rollout)
    first, last = told(fleet)
    assert (first.title, first.kind) == (
        f"Rollout {rollout.pk} (lilac) begun: 1 successful",
        "info",
    )
    assert (last.title, last.kind) == (
        f"Rollout {rollout.pk} (lilac) ended: 1 successful", "success",
    )  # fmt: skip
    assert f"ocim rollout undo {rollout.pk}" in last.text
    assert last.text.endswith(f"{ADDRESS}/rollouts/{rollout.pk}/")


def test_the_actions_lead_to_it(fleet: Fleet) -> None:
    fleet.run(begun(fleet))
    sent = [item for item in fleet.done if isinstance(item, SendNotices)]
    assert [RolloutEvent.objects.get(pk=item.event_id).kind for item in sent] == ["ended"]


def test_a_spent_failure_budget_is_told_with_the_causes_and_how_to_go_on(fleet: Fleet) -> None:
    for _ in range(3):
        fleet.make()
    fleet.fail_on(fleet.next_id())
    rollout = fleet.upgrade(rules=Rules(batch_size=1, max_failures=0))
    _, notice = told(fleet)
    assert notice.title == f"Rollout {rollout.pk} (lilac) stopped: 2 pending, 1 failed"
    assert notice.kind == "failure"
    assert "1 instance failed; --max-failures allows 0." in notice.text
    assert "1 failure, 1 cause" in notice.text
    assert f"ocim rollout retry {rollout.pk} --cause 'install: no such tag'" in notice.text
    assert f"ocim rollout resume {rollout.pk}" in notice.text


def test_who_paused_it_is_told(fleet: Fleet) -> None:
    control.pause(begun(fleet), by="ada")
    _, notice = told(fleet)
    assert notice.text.startswith("Paused by ada at ")
    assert notice.kind == "warning"


def test_what_needs_no_notice_has_none(fleet: Fleet) -> None:
    rollout = begun(fleet)
    control.pause(rollout)
    control.resume(rollout)
    assert [notice.title.split()[3] for notice in told(fleet)] == ["begun:", "paused:"]


def test_everybody_is_told_once(fleet: Fleet) -> None:
    fleet.world.notifier = MemoryNotifier("mail", "chat")
    begun(fleet)
    event = RolloutEvent.objects.get().pk
    assert send(fleet, event) == send(fleet, event) == []
    assert told(fleet)
    assert [target for target, _ in fleet.world.notifier.sent] == ["mail", "chat"]


def test_who_could_not_be_told_is_told_later_and_others_not_again(fleet: Fleet) -> None:
    fleet.world.notifier = MemoryNotifier("mail", "chat")
    fleet.world.notifier.refusals["mail"] = TransientError("The mail server is away.")
    begun(fleet)
    event = RolloutEvent.objects.get().pk
    now = fleet.world.clock()
    assert send(fleet, event) == [SendNotices(event, now + timedelta(minutes=1))]
    assert notices.unsent(now) == []
    fleet.world.notifier.refusals.clear()
    fleet.world.clock.forward(60)
    assert notices.unsent(fleet.world.clock()) == [SendNotices(event)]
    assert send(fleet, event) == []
    assert [target for target, _ in fleet.world.notifier.sent] == ["chat", "mail"]
    assert notices.unsent(fleet.world.clock.later(9999)) == []


def test_what_is_refused_for_good_is_not_tried_again(
    fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    fleet.world.notifier.refusals["mail"] = PermanentError("There is no such address.")
    begun(fleet)
    assert send(fleet, RolloutEvent.objects.get().pk) == []
    assert notices.unsent(fleet.world.clock.later(9999)) == []
    assert "There is no such address." in caplog.text


@pytest.mark.parametrize("error", [TransientError("away"), ZeroDivisionError()])
def test_a_notice_that_fails_harms_nothing_and_is_given_up_one_day(
    fleet: Fleet, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    fleet.world.notifier.refusals["mail"] = error  # type: ignore[assignment]
    rollout = begun(fleet)
    for _ in range(9):
        assert send(fleet, RolloutEvent.objects.get().pk)
        fleet.world.clock.forward(3600)
    assert send(fleet, RolloutEvent.objects.get().pk) == []
    assert "given up after 10 attempts" in caplog.text
    fleet.run(rollout)
    assert (rollout.state, states(rollout)) == ("ended", ["successful"])


def test_who_died_over_a_notice_is_replaced(fleet: Fleet) -> None:
    begun(fleet)
    fleet.world.notifier.refusals["mail"] = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        send(fleet, RolloutEvent.objects.get().pk)
    fleet.world.notifier.refusals.clear()
    assert told(fleet) == []
    fleet.world.clock.forward(300)
    assert len(told(fleet)) == 1


def test_where_nobody_is_to_be_told_nothing_is_done(fleet: Fleet) -> None:
    fleet.world.notifier = MemoryNotifier()
    begun(fleet)
    assert told(fleet) == []
    assert notices.unsent(fleet.world.clock()) == []
