"""The port of what turns hosts into app servers."""

from collections.abc import Callable, Mapping
from typing import Protocol

from ocim.core.hosts import Isolation
from ocim.core.provisioning import (
    BuiltImage,
    ConfigurationSource,
    ProvisionEvent,
    ProvisionJob,
    ProvisionOutcome,
)


class Provisioner(Protocol):
    """The port that turns a bare host and variables into an app server."""

    kind: str

    def isolation(self) -> Isolation:
        """Describe how the configuration's code is kept from the manager's files and processes."""

    def examine(self) -> None:
        """Raise PermanentError or TransientError if programs that it needs here are missing."""

    def check(self, job: ProvisionJob) -> ConfigurationSource:
        """Check the job before a host is created; return the exact source that was checked.

        Raise ValidationError or PermanentError if the job cannot succeed. Raise Conflict if the job
        is to run migrations only and the configuration does not support that. `job.host` need not
        exist yet. The returned source names a commit instead of a branch, and has the URL BUILTIN
        if the job's source is Ocim's own configuration.
        """

    def image_inputs(self, job: ProvisionJob) -> Mapping[str, str]:
        """Return everything that the image part of the job depends on, without secrets.

        The values are words and digests. The job's source is one that `check` returned. Raise
        Conflict if the configuration does not declare which of its parts all instances share.
        """

    def build_container_image(
        self,
        job: ProvisionJob,
        *,
        on_event: Callable[[ProvisionEvent], None],
        is_cancelled: Callable[[], bool],
    ) -> BuiltImage:
        """Build the image that containers of the job's app servers run, by the job's settings.

        The job needs no host. Raise Conflict if its app servers are no containers, and
        PermanentError at once if images cannot be built here.
        """

    def has_one_port(self, source: ConfigurationSource) -> bool:
        """Return True if hosts of the source serve all names at port 80, and tell them apart.

        If not, each service has a port of its own. The source is one that `check` returned.
        """

    def provision(
        self,
        job: ProvisionJob,
        *,
        on_event: Callable[[ProvisionEvent], None],
        is_cancelled: Callable[[], bool],
    ) -> ProvisionOutcome:
        """Provision the host and return the outcome; a second run on it changes nothing.

        The image part followed by the instance part gives the same result as the whole. Raise
        TransientError if the `image_inputs` of a part have changed. The part that runs migrations
        needs a host of its own and copies of the databases; its host serves no other purpose.

        `on_event` receives each event as it happens. `is_cancelled` is called once a second; once
        it returns True, the run is ended and Cancelled raised.
        """
