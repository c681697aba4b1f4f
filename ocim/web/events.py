"""Server-sent events: new log lines, and notices that a page has changed."""

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from ocim.presentation.live import News, Watch
from ocim.presentation.streams import event, last_line, stream
from ocim.store.models import OpenEdXInstance, Rollout
from ocim.store.selectors import visible, visible_rollouts
from ocim.web.appservers import instance_of
from ocim.web.rights import access


@require_safe
async def instance(request: HttpRequest, instance_id: int) -> HttpResponseBase:
    """Send `changed` whenever an app server or a job of the instance changes."""
    instances = visible(OpenEdXInstance.objects.filter(pk=instance_id), access(request))
    if not await instances.aexists():
        raise Http404(f"No instance {instance_id}.")
    watch = Watch(("instance", instance_id), request.GET.get("token", ""))
    return stream(request, watch, _written)


@require_safe
async def rollout(request: HttpRequest, rollout_id: int) -> HttpResponseBase:
    """Send `changed` whenever something changes in the rollout."""
    rollouts = visible_rollouts(Rollout.objects.filter(pk=rollout_id), access(request))
    if not await rollouts.aexists():
        raise Http404(f"No rollout {rollout_id}.")
    watch = Watch(("rollout", rollout_id), request.GET.get("token", ""))
    return stream(request, watch, _written)


@require_safe
async def appserver(request: HttpRequest, appserver_id: int) -> HttpResponseBase:
    """Send `changed`, new log `lines` after the browser's last one, and `end` after the last."""
    instance_id = await sync_to_async(instance_of)(request, appserver_id)
    watch = Watch(
        ("instance", instance_id),
        request.GET.get("token", ""),
        appserver_id=appserver_id,
        last_line=last_line(request),
    )
    return stream(request, watch, _written)


def _written(news: News) -> str:
    text = ""
    if news.lines:
        html = render_to_string("web/_lines.html", {"lines": news.lines})
        text += event("lines", html, event_id=news.lines[-1].pk)
    if news.has_changed:
        text += event("changed")
    if news.is_over:
        text += event("end")
    return text
