"""Jobs: what workers do, or have done."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.appservers import line_facts
from ocim.api.bodies import read
from ocim.api.paging import page
from ocim.api.schema import Nothing, page_of
from ocim.api.shapes import JobShape, LogLine
from ocim.api.views import ApiView
from ocim.core.access import FLEET, Right
from ocim.core.errors import ValidationError
from ocim.core.states import JobState
from ocim.operations import jobs, retries
from ocim.presentation.jobs import facts, right_to_retry
from ocim.store import selectors
from ocim.store.models import Job as JobRow
from ocim.store.models import LogEntry
from ocim.wiring import context

STATES = tuple(state.value for state in JobState)


class Jobs(ApiView):
    @extend_schema(
        parameters=[
            OpenApiParameter("state", str, enum=STATES, description="State (default: all).")
        ],
        responses={200: page_of(JobShape)},
    )
    def get(self, request: Request) -> Response:
        """List jobs, newest first."""
        self.require_somewhere(Right.VIEW)
        rows = selectors.visible_jobs(self.access)
        if (state := request.query_params.get("state")) is not None:
            if state not in STATES:
                raise ValidationError([f"state: {state!r} is none of: {', '.join(STATES)}."])
            rows = rows.filter(state=state)
        return page(rows, request, facts)


class Job(ApiView):
    @extend_schema(responses={200: JobShape})
    def get(self, request: Request, job_id: int) -> Response:
        """Show a job."""
        return Response(facts(self.job(job_id, Right.VIEW)))

    def job(self, job_id: int, right: Right) -> JobRow:
        """Return a job; raise Http404 or PermissionDenied as for its instance."""
        job = selectors.visible_jobs(self.access).filter(pk=job_id).first()
        if job is None:
            raise Http404(f"No job {job_id}.")
        instance = job.instance
        if instance is None and right is not Right.VIEW:
            right = Right.CONFIGURE  # a shared server of the fleet
        self.require(right, instance.ref_set.organization if instance else FLEET)
        return job


class CancelJob(Job):
    http_method_names = ["post"]  # noqa: RUF012

    @extend_schema(request=Nothing, responses={202: JobShape})
    def post(self, request: Request, job_id: int) -> Response:
        """Request the cancellation of a job; it fails within seconds."""
        job = self.job(job_id, Right.OPERATE)
        read(Nothing, request)
        jobs.cancel(job_id=job.pk)
        job.refresh_from_db()
        return self.accepted(job)


class RetryJob(Job):
    http_method_names = ["post"]  # noqa: RUF012

    @extend_schema(request=Nothing, responses={202: JobShape})
    def post(self, request: Request, job_id: int) -> Response:
        """Request once more what a failed job should have done, by another job.

        It needs the rights of that request. A job that another one followed cannot be retried.
        """
        job = self.job(job_id, Right.VIEW)
        if not right_to_retry(job, self.access):
            raise PermissionDenied("Your account lacks the right to request this job.")
        read(Nothing, request)
        return self.accepted(retries.retry(job_id=job.pk, context=context()))


class JobLog(Job):
    @extend_schema(responses={200: page_of(LogLine)})
    def get(self, request: Request, job_id: int) -> Response:
        """List the lines of the log of a job on a shared server, oldest first.

        Jobs on instances write the logs of their app servers instead.
        """
        job = self.job(job_id, Right.VIEW)
        return page(LogEntry.objects.filter(job=job), request, line_facts, ordering=("id",))
