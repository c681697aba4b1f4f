"""A fleet in which every page has something to show."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from ocim.core.jobs import RetainJob
from ocim.core.states import AppServerState, JobState, RolloutEventKind, StepState, UpgradeState
from ocim.core.verification import Line, Outcome
from ocim.operations import bulk, holds, jobs
from ocim.operations.instances import change
from ocim.store.models import (
    ApiToken,
    Job,
    OpenEdXAppServer,
    OpenEdXInstance,
    Rollout,
    RolloutEvent,
    SavedFilter,
    SearchServer,
    ServiceStep,
    UpgradeStep,
    Verification,
)
from ocim.wiring import context
from tests.web.fleet import make_appserver, make_instance, make_rollout, write_line

NAMES = (
    *("Aldgate Academy", "Birch College", "Cobalt Institute", "Delta Open School"),
    *("Estuary University", "Fern Learning", "Granite Polytechnic", "Harbour Online"),
    *("Indigo Health Training", "Juniper Bank Academy", "Kestrel Aviation School", "Larch Museum"),
)
ORGANIZATIONS = ("North Campus", "Harbour Trust", "Delta Group")
RELEASES = ("open-release/juniper.2", "open-release/lilac.1")
STEPS = ("backup", "settings", "provisioning", "health check", "activation")
REASON = "Exams until Friday"
FAILURE = "TASK [edxapp : migrate] failed: 1146 Table 'edxapp.course_overviews' doesn't exist"


def populate() -> dict[str, int]:
    """Create the fleet, and return the id of an object of each kind."""
    instances = [_instance(number, name) for number, name in enumerate(NAMES)]
    first, failed, starting = instances[0], instances[3], instances[5]
    holds.hold(instances[4].pk, reason=REASON, since=None, until=None, context=context())
    bulk.tag([instance.pk for instance in instances[::2]], name="paying")
    bulk.tag([first.pk], name="canary")
    newest = make_appserver(failed, AppServerState.FAILED, failure=FAILURE)
    making = make_appserver(starting, AppServerState.PROVISIONING)
    for appserver in (newest, making):
        _log(appserver)
    rollout = _rollout(instances[6:], "lilac-1")
    over = _rollout(instances[:3], "juniper-3")
    Rollout.objects.filter(pk=over.pk).update(state="ended", ended_at=timezone.now())
    _services(first)
    admin = User.objects.get(username="admin")
    for name, query in (("Not on the web", "state=down"), ("Paying customers", "tag=paying")):
        SavedFilter.objects.create(user=admin, name=name, query=query)
    now = timezone.now()
    ApiToken.objects.create(
        owner=admin,
        name="ci",
        hash="0" * 64,
        role="viewer",
        created=now,
        expires_at=now + timedelta(days=90),
    )
    job = jobs.submit(target=first, payload=RetainJob(), queue="opencraft")
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE)
    ada = User.objects.create_user("ada", "ada@example.com")
    ada.role_grants.create(role="operator", organization="North Campus")
    return {
        "instance": first.pk,
        "failed": newest.pk,
        "appserver": making.pk,
        "rollout": rollout.pk,
        "person": ada.pk,
        "job": job.pk,
    }


def _instance(number: int, name: str) -> OpenEdXInstance:
    """Create an instance with an app server that serves, or without any."""
    domain = f"{name.split(maxsplit=1)[0].lower()}.example.com"
    release = RELEASES[number % 2]
    instance = make_instance(name, internal_lms_domain=domain, openedx_release=release)
    instance.ref_set.organization = ORGANIZATIONS[number % 3]
    instance.ref_set.save()
    if number != 5:
        make_appserver(instance, is_active=number != 3)
    return instance


def _log(appserver: OpenEdXAppServer) -> None:
    """Write a log that has a line of each level."""
    write_line(appserver, "Asking local for a host.")
    write_line(appserver, "PLAY [all]", level="debug")
    write_line(appserver, "Waiting for the database.", level="warning", task="mysql : wait")
    write_line(appserver, FAILURE, level="error", task="edxapp : migrate")


def _rollout(instances: list[OpenEdXInstance], tag: str) -> Rollout:
    """Create a rollout in which one instance is done, one is under way, and one failed."""
    rollout = make_rollout(*instances, tag=tag, arguments={"tag": tag, "batch_size": 2})
    RolloutEvent.objects.create(rollout=rollout, kind=RolloutEventKind.STARTED, by="admin")
    done, running, failed, *_ = rollout.upgrades.order_by("pk")
    began = timezone.now() - timedelta(minutes=12)
    for upgrade, names in ((done, STEPS), (failed, STEPS[:3]), (running, STEPS[:2])):
        upgrade.attempts, upgrade.started_at, upgrade.step = 1, began, names[-1]
        for number, name in enumerate(names):
            UpgradeStep.objects.create(
                upgrade=upgrade,
                attempt=1,
                name=name,
                state=StepState.DONE,
                started_at=began + timedelta(minutes=2 * number),
                ended_at=began + timedelta(minutes=2 * number + 2),
            )
    done.state, failed.state, running.state = (
        *(UpgradeState.SUCCEEDED, UpgradeState.FAILED, UpgradeState.RUNNING),
    )
    failed.failure, failed.cause = FAILURE, "edxapp : migrate"
    for upgrade in (done, failed):
        upgrade.ended_at = timezone.now()
    for upgrade in (done, failed, running):
        upgrade.save()
    return rollout


def _services(instance: OpenEdXInstance) -> None:
    """Enable both services, with a step that failed and a verification that found a fault."""
    SearchServer.objects.create(name="search", kind="elasticsearch", host="127.0.0.1", port=9200)
    settings = "SANDBOX_ENABLE_ECOMMERCE: true\nSANDBOX_ENABLE_DISCOVERY: true\n"
    changes = {"configuration_extra_settings": settings}
    change(instance_id=instance.pk, changes=changes, context=context())
    now = timezone.now()
    ServiceStep.objects.create(instance=instance, step="site", created_at=now, failure="No flag.")
    lines = (
        Line("ecommerce: health", Outcome.OK, "healthy; expected healthy", "https://shop/", 200),
        Line("ecommerce: partner", Outcome.FAILED, "OTHER; expected ACME", remedy="Set it back."),
        Line("purchase: order", Outcome.SKIPPED, "--purchase is not set"),
    )
    Verification.objects.create(
        instance=instance, started_at=now, ended_at=now, lines=[line.as_dict() for line in lines]
    )
