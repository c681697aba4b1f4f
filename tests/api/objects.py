"""An object of each kind that addresses of the API name."""

from ocim.core.jobs import ActivateJob
from ocim.operations import jobs
from ocim.store.models import OpenEdXInstance
from tests.web.fleet import make_appserver, make_rollout, write_line


def make_objects(instance: OpenEdXInstance) -> dict[str, int]:
    """Return the ids of objects of an instance, by the names of the parts of addresses."""
    OpenEdXInstance.objects.filter(pk=instance.pk).update(successfully_provisioned=True)
    appserver = make_appserver(instance, is_active=True)
    write_line(appserver, "a line of the log")
    job = jobs.submit(target=instance, payload=ActivateJob((appserver.pk,)), queue="tests")
    return {
        "instance_id": instance.pk,
        "appserver_id": appserver.pk,
        "rollout_id": make_rollout(instance).pk,
        "job_id": job.pk,
    }
