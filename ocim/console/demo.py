"""The demo instance of `ocim up`."""

from ocim.console.command import error_text
from ocim.console.output import Output
from ocim.console.progress import follow
from ocim.core.errors import OcimError
from ocim.core.instance import Service
from ocim.operations import instances, jobs, search_servers, spawn
from ocim.operations.instance_settings import with_defaults
from ocim.operations.shop import switch
from ocim.operations.shop.demo import sell_a_course
from ocim.operations.shop.set_up import served_by
from ocim.store.models import Job, OpenEdXInstance, SearchServer
from ocim.store.specs import services_of
from ocim.tasks import enqueue
from ocim.wiring import context, instance_defaults, queue_name

DOMAIN = "demo.localhost"
DEMO = {"internal_lms_domain": DOMAIN, "name": "Demo"}
SHOP = {"partner_code": "DEMO", "currency": "GBP"}


def make_demo(out: Output, *, with_shop: bool, provisioner: str) -> None:
    """Create the demo instance if there is no instance yet; finish an interrupted creation."""
    try:
        if OpenEdXInstance.objects.exists():
            _go_on(out)
        else:
            _make(out, with_shop=with_shop, provisioner=provisioner)
    except OcimError as error:
        out.say(error_text(error), style="red")


def _go_on(out: Output) -> None:
    interrupted = Job.objects.filter(
        instance__internal_lms_domain=DOMAIN, state__in=jobs.OPEN
    ).first()
    if interrupted:
        follow(interrupted, out)
        _fill_shop(OpenEdXInstance.objects.get(internal_lms_domain=DOMAIN), out)


def _make(out: Output, *, with_shop: bool, provisioner: str) -> None:
    if with_shop and not SearchServer.objects.exclude(version="").exists():
        out.say("Creating a search server for course discovery.")
        _, creation = search_servers.request_creation(
            name="demo", provider="local", queue=queue_name(), context=context()
        )
        enqueue([jobs.wake_up(creation)])
        follow(creation, out)
    instance, actions = instances.create(
        fields=with_defaults({**DEMO, "provisioner": provisioner}, instance_defaults(), context()),
        context=context(),
    )
    if with_shop:
        instance, more = switch.enable(
            instance_id=instance.pk,
            services=[Service.ECOMMERCE, Service.DISCOVERY],
            processors={"test-card": {}},
            changes=SHOP,
            context=context(),
        )
        actions += more
    _, job = spawn.request(
        instance=instance, queue=queue_name(), context=context(), activate=True, reason="Demo"
    )
    enqueue([*actions, jobs.wake_up(job)])
    follow(job, out)
    _fill_shop(instance, out)


def _fill_shop(instance: OpenEdXInstance, out: Output) -> None:
    if Service.ECOMMERCE in services_of(instance):
        out.say("Putting a course on sale.")
        sell_a_course(served_by(instance), context())
