"""The page of an app server: its state, its failure, its changed variables and its log."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from ocim.catalog.endpoints import with_port
from ocim.core.access import Right
from ocim.core.names import PREVIEW_USER, preview_domain
from ocim.core.states import AppServerState
from ocim.operations.effective import deserialize
from ocim.operations.instances import preview_password as password_of
from ocim.store import logs, selectors
from ocim.store.models import OpenEdXAppServer
from ocim.web.actions import offers
from ocim.web.describe import busy_appservers, by_layer, job_rows, lacks_worker, site_url
from ocim.web.rights import access, require
from ocim.wiring import context

LINES_SHOWN = 500
"""Maximum number of log lines that the page begins with; the text file has all of them."""


@require_safe
def appserver(request: HttpRequest, appserver_id: int) -> HttpResponse:
    """Show the page.

    The change token is read first: a change during the request is then sent as an event, too.
    """
    instance_id = instance_of(request, appserver_id)
    token = selectors.change_tokens([instance_id])[instance_id]
    appserver_row = _appserver(request, appserver_id, whole=True)
    lines = logs.end(appserver_id, LINES_SHOWN)
    shown = {
        **_progress(request, appserver_row),
        "token": token,
        "lines": lines,
        "after": lines[-1].pk if lines else 0,
        "is_whole": len(lines) < LINES_SHOWN,
        "levels": logs.LEVELS,
        "failure": logs.failure(appserver_id),
        "layers": by_layer(deserialize(appserver_row)),
        "lacks_worker": lacks_worker(),
        "without_border": _without_border(appserver_row),
    }
    return render(request, "web/appserver.html", shown)


@require_safe
def progress(request: HttpRequest, appserver_id: int) -> HttpResponse:
    """Show the part of the page that changes while it is open."""
    appserver = _appserver(request, appserver_id)
    return render(request, "web/_appserver_progress.html", _progress(request, appserver))


@require_POST
@never_cache
def preview_password(request: HttpRequest, appserver_id: int) -> HttpResponse:
    """Show the user name and password of the preview address."""
    appservers = OpenEdXAppServer.objects.select_related("instance__ref_set")
    appserver = get_object_or_404(_visible(request, appservers), pk=appserver_id)
    require(request, Right.SEE_SECRETS, appserver.instance.ref_set.organization)
    password = password_of(appserver.instance).reveal()
    shown = {"appserver": appserver, "password": password, "user_name": PREVIEW_USER}
    return render(request, "web/preview_password.html", shown)


def instance_of(request: HttpRequest, appserver_id: int) -> int:
    """Return the id of the app server's instance.

    Raise Http404 if there is no such app server, or the user may not see it.
    """
    appservers = _visible(request, OpenEdXAppServer.objects.only("instance_id"))
    return get_object_or_404(appservers, pk=appserver_id).instance_id


def visible_appserver(request: HttpRequest, appserver_id: int) -> OpenEdXAppServer:
    """Return an app server with its instance. Raise Http404 if the user may not see it."""
    appservers = selectors.appservers().select_related("instance")
    return get_object_or_404(_visible(request, appservers), pk=appserver_id)


def _visible(
    request: HttpRequest, appservers: QuerySet[OpenEdXAppServer]
) -> QuerySet[OpenEdXAppServer]:
    return selectors.visible(appservers, access(request), to_instance="instance__")


def _without_border(appserver: OpenEdXAppServer) -> str:
    """Return why the host is not isolated from this machine; empty if it is."""
    server = appserver.server
    provider = context().adapters.providers.get(server.provider) if server else None
    isolation = provider.isolation() if provider else None
    return isolation.detail if isolation and not isolation.is_sandbox else ""


def _appserver(request: HttpRequest, appserver_id: int, *, whole: bool = False) -> OpenEdXAppServer:
    appservers = selectors.appservers().select_related(
        "server", "deployment__creator", "instance__ref_set", "instance__database_server"
    )
    if whole:
        appservers = appservers.defer(None).defer(
            "instance__secret_seed", "instance__jwt_private_key"
        )
    return get_object_or_404(_visible(request, appservers), pk=appserver_id)


def _progress(request: HttpRequest, appserver: OpenEdXAppServer) -> dict[str, Any]:
    instance = appserver.instance
    jobs = list(selectors.open_jobs(instance))
    others = OpenEdXAppServer.objects.filter(instance=instance)
    active = others.filter(is_active=True).count()
    is_preview = appserver.state == AppServerState.RUNNING and not appserver.is_active
    return {
        "appserver": appserver,
        "instance": instance,
        "may": access(request).rights(instance.ref_set.organization),
        "url": site_url(instance),
        "preview": _preview_url(appserver) if is_preview else "",
        "preview_user": PREVIEW_USER,
        "jobs": job_rows(jobs),
        "offers": [] if appserver.pk in busy_appservers(jobs) else offers(appserver, active=active),
        "previous": others.filter(pk__lt=appserver.pk).order_by("-pk").only("pk").first(),
    }


def _preview_url(appserver: OpenEdXAppServer) -> str:
    domain = preview_domain(appserver.pk, appserver.instance.internal_lms_domain)
    return f"https://{with_port(domain, context().policy.https_port)}"
