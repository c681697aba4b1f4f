"""The work of workers and operators in the meantime."""

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from pyotp import TOTP

from ocim.core.states import AppServerState, UpgradeState
from ocim.operations import second_factor as factor
from ocim.store.models import (
    Job,
    OpenEdXAppServer,
    OpenEdXInstance,
    Rollout,
    SecondFactor,
    Upgrade,
    UpgradeStep,
    Worker,
)
from ocim.wiring import context
from tests.browser.fleet import populate
from tests.web.fleet import make_appserver, make_instance, make_rollout, write_line


def setup() -> None:
    """Make a database with somebody in it who may do everything."""
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("admin", password="right")


def fleet() -> dict[str, int]:
    """Make a fleet in which every page has something to show."""
    return populate()


def second_factor(name: str) -> list[str]:
    """Make somebody with the password `right` and a second factor. Return the recovery codes."""
    user = User.objects.create_user(name, password="right")
    user.role_grants.create(role="viewer")
    factor.begin(user=user)
    code = TOTP(SecondFactor.objects.get(user=user).secret).at(timezone.now())
    codes = factor.confirm(user=user, code=code, but=None, context=context())
    return [code.reveal() for code in codes]


def locked(name: str) -> None:
    """Let an account be locked by attempts from another address."""
    AccessAttempt.objects.create(
        username=name,
        ip_address="192.0.2.1",
        failures_since_start=settings.AXES_FAILURE_LIMIT,
        attempt_time=timezone.now(),
    )


def workers() -> None:
    """Let a worker of each queue be alive."""
    now = timezone.now()
    for queue in ("opencraft", "opencraft_low_priority"):
        Worker.objects.create(
            name=queue, machine="lab", version="1", queue=queue, threads=2,
            started_at=now, seen_at=now,
        )  # fmt: skip


def instance(name: str) -> int:
    """Make an instance."""
    return make_instance(name).pk


def serving(name: str) -> int:
    """Make an instance that serves, and can be upgraded."""
    made = make_instance(name)
    make_appserver(made, is_active=True)
    OpenEdXInstance.objects.filter(pk=made.pk).update(successfully_provisioned=True)
    return made.pk


def upgraded(rollout_id: int) -> None:
    """Let a rollout end; each of its instances is served by a new app server from then on."""
    for upgrade in Upgrade.objects.filter(rollout=rollout_id).select_related("instance"):
        assert upgrade.instance
        old = upgrade.instance.appserver_set.latest("pk")
        new = make_appserver(upgrade.instance, is_active=True)
        OpenEdXAppServer.objects.filter(pk=old.pk).update(is_active=False)
        upgrade.state, upgrade.ended_at = UpgradeState.SUCCEEDED, timezone.now()
        upgrade.replaced, upgrade.appservers = [old.pk], [new.pk]
        upgrade.save()
    rollout_moves(rollout_id, "ended")


def appserver(instance_id: int, state: str, active: str = "") -> int:
    """Make an app server of it."""
    of = OpenEdXInstance.objects.get(pk=instance_id)
    return make_appserver(of, state, is_active=bool(active)).pk


def rollout(*names: str) -> int:
    """Make instances of these names, and a rollout over them."""
    return make_rollout(*(make_instance(name) for name in names)).pk


def upgrade(rollout_id: int, name: str, state: str, step: str = "") -> None:
    """Let one instance's part come to a state; one that begins has an app server from then on."""
    present = Upgrade.objects.filter(rollout=rollout_id, instance__name=name)
    if state == UpgradeState.RUNNING:
        made = make_appserver(OpenEdXInstance.objects.get(name=name), AppServerState.PROVISIONING)
        present.update(attempts=1, started_at=timezone.now(), appservers=[made.pk])
    else:
        present.update(ended_at=timezone.now())
    present.update(state=state, step=step)
    now = timezone.now()
    UpgradeStep.objects.create(
        upgrade=present.get(), attempt=1, name=step, state="done", started_at=now, ended_at=now
    )


def log_of(rollout_id: int, name: str, text: str) -> None:
    """Write a line of the log of the app server that is made for an instance."""
    [appserver_id] = Upgrade.objects.get(rollout=rollout_id, instance__name=name).appservers
    write(appserver_id, text)


def rollout_moves(rollout_id: int, state: str, reason: str = "") -> None:
    """Let a rollout come to a state."""
    Rollout.objects.filter(pk=rollout_id).update(
        state=state, reason=reason, ended_at=timezone.now() if state == "ended" else None
    )


def rollout_state(rollout_id: int) -> str:
    """Return the state of a rollout."""
    return Rollout.objects.get(pk=rollout_id).state


def move(appserver_id: int, state: str) -> None:
    """Let the app server reach another state."""
    present = OpenEdXAppServer.objects.filter(pk=appserver_id)
    present.update(state=state, ready_at=timezone.now())


def write(appserver_id: int, *texts: str) -> None:
    """Write lines of its log."""
    of = OpenEdXAppServer.objects.get(pk=appserver_id)
    for text in texts:
        write_line(of, text, task="edxapp : migrate")


def jobs(instance_id: int) -> list[object]:
    """Return the kind and the arguments of each job of an instance."""
    asked = Job.objects.filter(instance=instance_id).order_by("id")
    return list(asked.values_list("kind", "arguments"))
