"""Server-sent events: new log lines, and notices that a page has changed."""

import asyncio
import re
from collections.abc import AsyncIterator

from asgiref.sync import SyncToAsync, sync_to_async
from django.db import connections
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from ocim.store.models import OpenEdXInstance, Rollout
from ocim.store.selectors import visible, visible_rollouts
from ocim.web.appservers import instance_of
from ocim.web.live import News, Watch, hub
from ocim.web.rights import access

TYPE = "text/event-stream"
KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment is sent: proxies close what is silent for long."""
LONGEST = 600.0
"""Seconds after which the browser must connect again, and Ocim checks its permission again."""


@require_safe
async def instance(request: HttpRequest, instance_id: int) -> HttpResponseBase:
    """Send `changed` whenever an app server or a job of the instance changes."""
    instances = visible(OpenEdXInstance.objects.filter(pk=instance_id), access(request))
    if not await instances.aexists():
        raise Http404(f"No instance {instance_id}.")
    return _stream(request, Watch(("instance", instance_id), request.GET.get("token", "")))


@require_safe
async def rollout(request: HttpRequest, rollout_id: int) -> HttpResponseBase:
    """Send `changed` whenever something changes in the rollout."""
    rollouts = visible_rollouts(Rollout.objects.filter(pk=rollout_id), access(request))
    if not await rollouts.aexists():
        raise Http404(f"No rollout {rollout_id}.")
    return _stream(request, Watch(("rollout", rollout_id), request.GET.get("token", "")))


@require_safe
async def appserver(request: HttpRequest, appserver_id: int) -> HttpResponseBase:
    """Send `changed`, new log `lines` after the browser's last one, and `end` after the last."""
    instance_id = await sync_to_async(instance_of)(request, appserver_id)
    last = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    return _stream(
        request,
        Watch(
            ("instance", instance_id),
            request.GET.get("token", ""),
            appserver_id=appserver_id,
            last_line=int(last) if re.fullmatch(r"[0-9]{1,18}", last) else 0,
        ),
    )


def _stream(request: HttpRequest, watch: Watch) -> HttpResponseBase:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if request.method == "HEAD":
        return HttpResponse(content_type=TYPE, headers=headers)
    return StreamingHttpResponse(_events(watch), content_type=TYPE, headers=headers)


async def _events(watch: Watch) -> AsyncIterator[str]:
    await _give_back_thread()
    until = asyncio.get_running_loop().time() + LONGEST
    with hub.watching(watch):
        yield "retry: 1000\n\n"
        while asyncio.get_running_loop().time() < until:
            try:
                news = await asyncio.wait_for(watch.news.get(), KEEP_ALIVE)
            except TimeoutError:
                yield ": nothing new\n\n"
                continue
            yield _written(news)
            if news.is_over:
                return


def _written(news: News) -> str:
    text = ""
    if news.lines:
        html = render_to_string("web/_lines.html", {"lines": news.lines})
        text += _event("lines", html, event_id=news.lines[-1].pk)
    if news.has_changed:
        text += _event("changed")
    if news.is_over:
        text += _event("end")
    return text


def _event(name: str, data: str = "", *, event_id: int | None = None) -> str:
    head = f"event: {name}\n" + (f"id: {event_id}\n" if event_id is not None else "")
    body = "".join(f"data: {line}\n" for line in re.split(r"\r\n|\r|\n", data))
    return f"{head}{body}\n"


async def _give_back_thread() -> None:
    """Release the thread and its database connection, which Django keeps until a request ends.

    A stream lasts minutes and needs neither.
    """
    context = SyncToAsync.thread_sensitive_context.get(None)
    if context is not None:
        await sync_to_async(connections.close_all)()
        if executor := SyncToAsync.context_to_thread_executor.pop(context, None):
            executor.shutdown(wait=False)
