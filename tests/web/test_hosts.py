"""Pages of hosts and images."""

from typing import Any

from django.test import Client

from ocim.core.hosts import HostRequest
from ocim.operations import images
from ocim.store.models import Job
from tests.world import World


def html(client: Client, address: str, **fields: str) -> str:
    """Return a page, or the page that a form leads to."""
    answer = client.post(address, fields, follow=True) if fields else client.get(address)
    return answer.content.decode()


def work(world: World) -> Job:
    """Let a worker run the newest job, and return the job as it ended."""
    job = Job.objects.latest("pk")
    world.work(job, queue=job.queue)
    job.refresh_from_db()
    return job


def built(world: World) -> str:
    """Return the name of an image of an instance."""
    image = images.of_instance(world.make_instance(), world.context())
    images.ensure(
        image, on_event=lambda _: None, is_cancelled=lambda: False, context=world.context()
    )
    return image.name


def test_hosts_are_listed_with_their_app_servers_and_orphans(
    admin: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    instance = world.make_instance()
    appserver = world.spawn(instance)
    world.provider.create(HostRequest(name="forgotten"))
    with django_assert_max_num_queries(20):
        page = html(admin, "/hosts/")
    assert f'href="/appservers/{appserver.pk}/">appserver-{appserver.pk}</a>' in page
    assert instance.internal_lms_domain in page
    assert "is-orphan" in page
    assert "The doctor</a> removes it" in page


def test_all_hosts_are_stopped_after_a_confirmation_and_started(
    admin: Client, world: World
) -> None:
    appserver = world.spawn(world.make_instance())
    jobs = Job.objects.count()
    assert "off the web until somebody starts them" in html(admin, "/hosts/local/stop/")
    assert Job.objects.count() == jobs
    page = html(admin, "/hosts/local/stop/", confirmed="yes")
    assert "Stopping hosts" in page
    work(world)
    assert world.cloud.stopped == {f"appserver-{appserver.pk}"}
    assert "stopped by an operator" in html(admin, "/hosts/")
    html(admin, "/hosts/local/start/", now="yes")
    assert work(world).state == "done"
    assert "stopped by an operator" not in html(admin, "/hosts/")


def test_a_single_host_is_stopped_after_a_confirmation_and_started(
    admin: Client, world: World
) -> None:
    names = [f"appserver-{world.spawn(world.make_instance()).pk}" for _ in range(2)]
    stop = f"/hosts/local/stop/?host={names[0]}"
    assert stop in html(admin, "/hosts/")
    assert f"Stop host {names[0]}?" in html(admin, stop)
    html(admin, stop, confirmed="yes")
    work(world)
    assert world.cloud.stopped == {names[0]}
    html(admin, "/hosts/local/start/", host=names[0])
    assert work(world).state == "done"
    assert world.cloud.stopped == set()
    assert "no host &#x27;else&#x27;" in html(admin, "/hosts/local/start/", host="else")


def test_a_machine_that_is_not_kept_out_cannot_be_readmitted(admin: Client, world: World) -> None:
    assert "is not kept out" in html(admin, "/hosts/pool/rack-1/readmit/", now="yes")


def test_an_image_is_built_by_a_job_that_tells_what_it_does(admin: Client, world: World) -> None:
    instance = world.make_instance()
    assert "There is no image" in html(admin, "/images/")
    page = html(admin, "/images/build/", instance=instance.internal_lms_domain)
    assert "Building the image" in page
    job = work(world)
    assert "is built." in html(admin, f"/jobs/{job.pk}/")
    assert "juniper" in html(admin, "/images/")


def test_an_image_of_no_instance_is_a_fault(admin: Client, world: World) -> None:
    page = html(admin, "/images/build/", instance="nowhere")
    assert "No instance &#x27;nowhere&#x27;" in page


def test_an_image_without_hosts_is_removed_after_a_confirmation(
    admin: Client, world: World
) -> None:
    name = built(world)
    assert "builds it anew" in html(admin, f"/images/local/{name}/remove/")
    page = html(admin, f"/images/local/{name}/remove/", confirmed="yes")
    assert f"Removed image {name}." in page
    assert f"No image &#x27;{name}&#x27;" in html(
        admin, f"/images/local/{name}/remove/", confirmed="yes"
    )


def test_an_image_in_use_is_kept(admin: Client, world: World) -> None:
    name = built(world)
    world.spawn(world.make_instance())
    page = html(admin, f"/images/local/{name}/remove/", confirmed="yes")
    assert "is in use" in page
