"""Events as they happen in instances, app servers and rollouts, and logs as text: streams."""

import json
from collections.abc import Iterable
from http import HTTPStatus

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from ocim.api.appservers import line_facts
from ocim.api.views import ApiView
from ocim.core.access import Right
from ocim.presentation.live import News, Watch
from ocim.presentation.log_text import TYPE as TEXT
from ocim.presentation.log_text import log_text
from ocim.presentation.streams import TYPE, event, last_line, stream

STREAM = {(HTTPStatus.OK, TYPE): {"type": "string"}}
AFTER = OpenApiParameter(
    "after", int, description="Id of the last line that you have (default: 0, all lines come)."
)


class AnyType(DefaultContentNegotiation):
    """A negotiation that takes any `Accept`: events are a stream, problems are JSON."""

    def select_renderer(
        self, _request: Request, renderers: Iterable[BaseRenderer], _format: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer of problems."""
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class _Stream(ApiView):
    renderer_classes = [JSONRenderer]  # noqa: RUF012
    content_negotiation_class = AnyType


class InstanceEvents(_Stream):
    @extend_schema(responses=STREAM)
    def get(self, request: Request, instance_id: int) -> HttpResponseBase:
        """Follow an instance.

        The stream begins with an event `changed`, and has another whenever an app server or a job
        of the instance changes. It ends after ten minutes: connect again.
        """
        instance = self.instance(instance_id, Right.VIEW)
        return stream(request._request, Watch(("instance", instance.pk), ""), _written)


class RolloutEvents(_Stream):
    @extend_schema(responses=STREAM)
    def get(self, request: Request, rollout_id: int) -> HttpResponseBase:
        """Follow a rollout.

        The stream begins with an event `changed`, and has another whenever something in the
        rollout changes. It ends after ten minutes: connect again.
        """
        rollout = self.rollout(rollout_id, Right.VIEW)
        return stream(request._request, Watch(("rollout", rollout.pk), ""), _written)


class AppServerEvents(_Stream):
    @extend_schema(parameters=[AFTER], responses=STREAM)
    def get(self, request: Request, appserver_id: int) -> HttpResponseBase:
        """Follow an app server and its log.

        The stream has events `lines`, each with a JSON list of new lines of the log, `changed`
        when something else changes, and `end` after the last line. `Last-Event-ID` works, too.
        """
        appserver = self.appserver(appserver_id, Right.VIEW)
        watch = Watch(
            ("instance", appserver.instance_id),
            "",
            appserver_id=appserver.pk,
            last_line=last_line(request._request),
        )
        return stream(request._request, watch, _written)


class LogText(_Stream):
    @extend_schema(responses={(HTTPStatus.OK, TEXT): {"type": "string"}})
    def get(self, request: Request, appserver_id: int) -> HttpResponseBase:
        """Show the whole log of an app server as text, with masks for secrets."""
        return log_text(request._request, self.appserver(appserver_id, Right.VIEW).pk)


def _written(news: News) -> str:
    text = ""
    if news.lines:
        lines = json.dumps([line_facts(line) for line in news.lines], default=str)
        text += event("lines", lines, event_id=news.lines[-1].pk)
    if news.has_changed:
        text += event("changed", "{}")
    if news.is_over:
        text += event("end", "{}")
    return text
