"""Programs of Ocim's that a service's own Django runs, on an app server."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from ocim.catalog import shells
from ocim.core.errors import NotPossible, OutsideError, OutsideRefusal
from ocim.core.secrets import revealed, secret_texts
from ocim.core.spec import Service
from ocim.operations.context import Context
from ocim.store.models import OpenEdXAppServer

TIMEOUT = 600.0
"""Seconds: a refresh of thousands of courses takes minutes."""
_END = 2000
"""Characters of what a failure prints that are kept: the end says most."""


def call(
    appserver: OpenEdXAppServer,
    service: Service,
    function: str,
    given: Mapping[str, Any],
    context: Context,
    *,
    timeout: float = TIMEOUT,
) -> Any:
    """Run `program.function` of `ocim/catalog/programs` on the app server; what it returns.

    `given` may hold Secrets; they go by standard input, and are taken out of what errors say.
    OutsideRefusal where the program fails, OutsideError where the host or the service's shell
    does.
    """
    name, _, called = function.partition(".")
    text = (files("ocim.catalog") / "programs" / f"{name}.py").read_text()
    provider_name, host_name, root = _host(appserver, context)
    ran = context.outside.providers[provider_name].run(
        host_name,
        shells.python(service, root),
        stdin=shells.program(text, called, revealed(given)),
        timeout=timeout,
    )
    answer = shells.result(ran.output)
    if answer is None:
        said = (ran.errors or ran.output).strip()[-_END:] or f"exit status {ran.status}"
        raise OutsideError(
            f"{service.value}: its shell on {host_name} failed: {_masked(said, given)}",
            remedy=f"`ocim appserver shell {appserver.pk}` leads there.",
        )
    if "error" in answer:
        raise OutsideRefusal(f"{service.value}: {_masked(answer['error'], given)[-_END:]}")
    return answer["result"]


def _host(appserver: OpenEdXAppServer, context: Context) -> tuple[str, str, str]:
    server = appserver.server
    host = context.outside.providers[server.provider].find(server.name) if server else None
    if server is None or host is None:
        raise NotPossible(f"{appserver} has no host.")
    return server.provider, server.name, host.root


def _masked(text: str, given: Mapping[str, Any]) -> str:
    for secret in sorted(secret_texts(given), key=len, reverse=True):
        text = text.replace(secret, "********")
    return text
