"""One app server: how it is, why it failed, what is different in it, and its log."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from ocim.catalog.endpoints import with_port
from ocim.catalog.secrets.masking import mask_text
from ocim.core.states import AppServerState
from ocim.operations.effective import deserialize
from ocim.operations.instances import preview_password as password_of
from ocim.store import selectors
from ocim.store.models import LogEntry, OpenEdXAppServer
from ocim.store.routing import PREVIEW_USER, preview_domain
from ocim.web.actions import offers
from ocim.web.describe import by_layer, in_words, in_work, nobody_works, site_url
from ocim.web.rights import may_see_secrets
from ocim.wiring import context

LINES_SHOWN = 500
"""How much of a log the page begins with; the whole of it is a text file."""


@require_safe
def appserver(request: HttpRequest, appserver_id: int) -> HttpResponse:
    """The whole page. The mark is read first, so that what changes meanwhile is sent once more."""
    instance_id = instance_of(appserver_id)
    mark = selectors.change_tokens([instance_id])[instance_id]
    found = _appserver(appserver_id, whole=True)
    lines = selectors.log_end(appserver_id, LINES_SHOWN)
    shown = {
        **_progress(found),
        "mark": mark,
        "lines": lines,
        "after": lines[-1].pk if lines else 0,
        "is_whole": len(lines) < LINES_SHOWN,
        "layers": by_layer(deserialize(found)),
        "nobody_works": nobody_works(),
        "without_border": _without_border(found),
    }
    return render(request, "web/appserver.html", shown)


@require_safe
def progress(request: HttpRequest, appserver_id: int) -> HttpResponse:
    """The part of the page that changes while one looks at it."""
    return render(request, "web/_appserver_progress.html", _progress(_appserver(appserver_id)))


@require_safe
def log_text(request: HttpRequest, appserver_id: int) -> HttpResponse:
    """The whole log as text."""
    _appserver(appserver_id)
    lines = LogEntry.objects.filter(appserver_id=appserver_id).order_by("id")
    return HttpResponse(map(_text, lines.iterator()), content_type="text/plain; charset=utf-8")


@require_POST
@may_see_secrets
@never_cache
def preview_password(request: HttpRequest, appserver_id: int) -> HttpResponse:
    """What is asked for at the preview address."""
    found = OpenEdXAppServer.objects.select_related("instance")
    one = get_object_or_404(found, pk=appserver_id)
    password = password_of(one.instance).reveal()
    shown = {"appserver": one, "password": password, "user_name": PREVIEW_USER}
    return render(request, "web/preview_password.html", shown)


def instance_of(appserver_id: int) -> int:
    """The id of the app server's instance; Http404 where there is no such app server."""
    found = OpenEdXAppServer.objects.filter(pk=appserver_id)
    for instance_id in found.values_list("instance_id", flat=True):
        return int(instance_id)
    raise Http404(f"There is no app server {appserver_id}.")


def _without_border(one: OpenEdXAppServer) -> str:
    """Say why its host is not kept from the rest of this machine; empty where it is."""
    provider = context().adapters.providers.get(one.server.provider) if one.server else None
    isolation = provider.isolation() if provider else None
    return isolation.detail if isolation and not isolation.is_sandbox else ""


def _text(line: LogEntry) -> str:
    task = f"[{line.task}] " if line.task else ""
    return f"{line.time:%Y-%m-%dT%H:%M:%SZ} {line.level:7} {task}{mask_text(line.text)}\n"


def _appserver(appserver_id: int, *, whole: bool = False) -> OpenEdXAppServer:
    found = selectors.appservers().select_related(
        "server", "deployment__creator", "instance__ref_set", "instance__database_server"
    )
    if whole:
        found = found.defer(None).defer("instance__secret_seed", "instance__jwt_private_key")
    return get_object_or_404(found, pk=appserver_id)


def _progress(appserver: OpenEdXAppServer) -> dict[str, Any]:
    instance = appserver.instance
    jobs = list(selectors.open_jobs(instance.pk))
    others = OpenEdXAppServer.objects.filter(instance=instance)
    active = others.filter(is_active=True).count()
    is_preview = appserver.state == AppServerState.RUNNING and not appserver.is_active
    return {
        "appserver": appserver,
        "instance": instance,
        "url": site_url(instance),
        "preview": _preview_url(appserver) if is_preview else "",
        "preview_user": PREVIEW_USER,
        "jobs": in_words(jobs),
        "offers": [] if appserver.pk in in_work(jobs) else offers(appserver, active=active),
        "before": others.filter(pk__lt=appserver.pk).order_by("-pk").only("pk").first(),
    }


def _preview_url(appserver: OpenEdXAppServer) -> str:
    domain = preview_domain(appserver.pk, appserver.instance)
    return f"https://{with_port(domain, context().policy.https_port)}"
