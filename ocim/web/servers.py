"""Pages of shared servers: databases, search, brokers, content, balancers."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ocim.core.access import FLEET, Right
from ocim.core.actions import SyncBalancer
from ocim.core.errors import OcimError, ValidationError
from ocim.core.faults import sorted_faults
from ocim.core.secrets import Secret
from ocim.operations import broker_servers, jobs, shared_servers
from ocim.presentation.servers import KINDS, balancers, row, servers
from ocim.store import logs
from ocim.store.models import HostedServer, Job, LoadBalancingServer
from ocim.store.selectors import last_job, open_jobs
from ocim.tasks import enqueue
from ocim.web.actions import show_error
from ocim.web.confirm import Question, ask, is_confirmed
from ocim.web.describe import job_rows, lacks_worker
from ocim.web.rights import access, require
from ocim.wiring import PROVIDERS, context, queue_name

LINES = 300
"""Number of lines of a server's log that its page shows."""
ADD = {
    "create": ("name", "provider", "flavor", "kind"),
    "register": ("name", "url", "user", "password", "tls", "authority", "version", "port"),
}
"""Fields of each form that adds a server."""
OF_KIND = {"kind": {"broker"}, "tls": {"database", "mongodb"}, "authority": {"database"}}
OF_KIND |= {"version": {"search"}, "port": {"broker"}}
"""Kinds of servers that alone have a field."""


@require_safe
def every(request: HttpRequest) -> HttpResponse:
    """Show all shared servers, and whether the balancers follow the database."""
    require(request, Right.VIEW, FLEET)
    shown: dict[str, Any] = {
        "kinds": [
            {
                "name": name,
                "what": kind.what,
                "created": kind.created,
                "rows": list(map(_row, servers(kind.model))),
            }
            for name, kind in KINDS.items()
        ],
        "may": access(request).of_fleet,
    }
    try:
        shown["balancers"] = [_underscored(state) for state in balancers()]
    except OcimError as error:
        shown["balancer_error"] = error
    return render(request, "web/servers.html", shown)


@require_POST
def sync_balancers(request: HttpRequest) -> HttpResponse:
    """Let a worker apply the routes that the database has."""
    require(request, Right.CONFIGURE, FLEET)
    try:
        pks = LoadBalancingServer.objects.values_list("pk", flat=True)
        enqueue(SyncBalancer(pk) for pk in pks)
        messages.success(request, "Requested: the balancers get the database's routes.")
    except OcimError as error:
        show_error(request, error)
    return redirect("servers")


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, kind: str) -> HttpResponse:
    """Show the forms that create or register a server of a kind, and do what was typed."""
    require(request, Right.CONFIGURE, FLEET)
    form = request.POST.get("form", "")
    if form not in ADD:
        return _forms(request, kind)
    typed = {
        name: request.POST.get(name, "")
        for name in ADD[form]
        if kind in OF_KIND.get(name, KINDS) and name != "password"
    }
    try:
        run = _create if form == "create" else _register
        name = run(request, kind, {name: text.strip() for name, text in typed.items()})
    except OcimError as error:
        return _forms(request, kind, form, typed, error)
    return redirect("server", kind, name)


@require_safe
def server(request: HttpRequest, kind: str, name: str) -> HttpResponse:
    """Show a shared server as it is stored, and how far its creation is."""
    return _page(request, kind, _find(request, kind, name, Right.VIEW))


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, kind: str, name: str, step: str) -> HttpResponse:
    """Examine a server, stop its creation, or remove it after a confirmation."""
    right = Right.OPERATE if step == "examine" else Right.CONFIGURE
    found = _find(request, kind, name, right)
    if step == "examine" and request.method == "POST":
        return _page(request, kind, found, facts=_underscored(KINDS[kind].facts(found)))
    try:
        if step == "cancel" and request.method == "POST":
            enqueue([jobs.wake_up(shared_servers.cancel(found))])
            messages.success(request, "Requested: the creation stops within seconds.")
        elif step == "remove":
            if not is_confirmed(request):
                return ask(request, _removal(kind, found))
            KINDS[kind].operations.remove(name=name, context=context())
            messages.success(request, f"Removed {name}.")
            return redirect("servers")
    except OcimError as error:
        show_error(request, error)
    return redirect("server", kind, name)


def _create(request: HttpRequest, kind: str, typed: dict[str, str]) -> str:
    server, job = KINDS[kind].operations.request_creation(
        **typed, queue=queue_name(), context=context()
    )
    enqueue([jobs.wake_up(job)])
    messages.success(request, f"Requested: {server} is created. This page shows its log.")
    return str(server.name)


def _register(request: HttpRequest, kind: str, typed: dict[str, str]) -> str:
    fields: dict[str, Any] = dict(typed)
    if "tls" in fields:
        fields["tls"] = fields["tls"] == "on"
    if "port" in fields:
        if not (typed["port"] or "0").isdecimal() or len(typed["port"]) > len("65535"):
            raise ValidationError([f"port: {typed['port']!r} is no port. Leave it empty for 5672."])
        fields["port"] = int(typed["port"] or 0)
    fields["password"] = Secret(request.POST.get("password", ""))
    KINDS[kind].operations.register(**fields, context=context())
    messages.success(request, f"Registered {typed['name']}.")
    return typed["name"]


def _forms(
    request: HttpRequest,
    kind: str,
    form: str = "",
    typed: Mapping[str, str] | None = None,
    error: OcimError | None = None,
) -> HttpResponse:
    its = KINDS[kind]
    texts = error.faults if isinstance(error, ValidationError) else [str(error)] if error else []
    shown = {
        "kind": kind,
        "what": its.what,
        "example": its.example,
        "created": its.created,
        "user": its.user,
        "typed": {"user": its.user, "provider": "local", **(typed or {})},
        "form": form,
        "faults": sorted_faults(texts, ()),
        "fault_count": len(texts),
        "remedy": error.remedy if isinstance(error, ValidationError) else "",
        "providers": PROVIDERS,
        "broker_kinds": sorted(broker_servers.RECIPES),
    }
    return render(request, "web/add_server.html", shown, status=422 if error else 200)


def _page(request: HttpRequest, kind: str, found: HostedServer, **more: Any) -> HttpResponse:
    open_ones = list(open_jobs(found))
    last: Job | None = last_job(found)
    shown = {
        "kind": kind,
        "what": KINDS[kind].what,
        "server": found,
        "row": _row(found),
        "instances": found.openedxinstance_set.order_by("name", "id"),  # type: ignore[attr-defined]
        "jobs": job_rows(open_ones),
        "failed": last if last and last.state == "failed" and not found.version else None,
        "lines": logs.server_end(found, LINES),
        "lacks_worker": bool(open_ones) and lacks_worker(),
        "may": access(request).of_fleet,
        **more,
    }
    return render(request, "web/server.html", shown)


def _find(request: HttpRequest, kind: str, name: str, right: Right) -> HostedServer:
    """Return a server. Raise Http404 if there is none of the name."""
    require(request, right, FLEET)
    found: HostedServer | None = servers(KINDS[kind].model).filter(name=name).first()
    if found is None:
        raise Http404(f"No {KINDS[kind].what} {name!r}.")
    return found


def _removal(kind: str, found: HostedServer) -> Question:
    its = KINDS[kind]
    lost = f"Its host is destroyed with {its.data} on it, and cannot be restored."
    kept = "Ocim forgets it; the server itself stays as it is."
    return Question(
        title=f"Remove the {its.what} {found}?",
        consequence=lost if found.own_host else kept,
        label=f"Remove {found}",
        back=("server", kind, found.name),
    )


def _row(server: Any) -> dict[str, object]:
    return _underscored(row(server))


def _underscored(facts: Mapping[str, object]) -> dict[str, object]:
    return {name.replace(" ", "_"): value for name, value in facts.items()}
