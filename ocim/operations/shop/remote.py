"""Ocim's programs that a service's own Django runs on an app server."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from ocim.catalog.releases import Traits, of_instance, traits
from ocim.catalog.secrets.masking import masker
from ocim.catalog.steps import shells
from ocim.core import stopping
from ocim.core.errors import Conflict, OcimError, PermanentError, TransientError
from ocim.core.hosts import Ran
from ocim.core.instance import Service
from ocim.core.provisioning import TUTOR
from ocim.core.secrets import revealed
from ocim.operations import machines
from ocim.operations.context import Context
from ocim.ports.providers import Provider, Session
from ocim.store.models import OpenEdXAppServer
from ocim.store.specs import appserver_spec

TIMEOUT = 600.0
"""Longest time of a call in seconds; a refresh of thousands of courses takes minutes."""
_END = 2000
"""Number of characters kept of a failure's output, from its end."""


@dataclass(frozen=True, slots=True)
class Call:
    """Call of a `program.function` of `ocim/catalog/programs` in a service's Django."""

    service: Service
    function: str
    arguments: Mapping[str, Any]
    """Arguments. Secrets go by standard input, and are masked in errors."""


def call(
    appserver: OpenEdXAppServer,
    service: Service,
    function: str,
    arguments: Mapping[str, Any],
    context: Context,
    *,
    timeout: float = TIMEOUT,
) -> Any:
    """Return the result of one call.

    Raise PermanentError if the program fails, and TransientError if the host or the service's shell
    does.
    """
    [answer] = call_all(appserver, [Call(service, function, arguments)], context, timeout=timeout)
    if isinstance(answer, OcimError):
        raise answer
    return answer


def call_all(
    appserver: OpenEdXAppServer,
    calls: Sequence[Call],
    context: Context,
    *,
    stop: bool = False,
    timeout: float = TIMEOUT,
) -> list[Any]:
    """Return the result of each call, or its OcimError, in the calls' order.

    A service's shell takes seconds to start, so each starts once, and all at the same time; calls
    in a block of `shared_shells` share them. With `stop`, a service's calls after one that failed
    are not made: their result is a Conflict.
    """
    host = _host(appserver, context)
    by_service: dict[Service, list[int]] = {}
    for number, item in enumerate(calls):
        by_service.setdefault(item.service, []).append(number)
    answers: list[Any] = [None] * len(calls)
    with shared_shells(), ThreadPoolExecutor(max(1, len(by_service))) as pool:
        running = {
            service: pool.submit(
                stopping.carried(_answers),
                host,
                _started(host, service),
                [calls[number] for number in numbers],
                stop,
                timeout,
            )
            for service, numbers in by_service.items()
        }
        while wait(running.values(), timeout=stopping.STEP).not_done:
            stopping.check()  # the threads see it then, and end what they have started
    for service, numbers in by_service.items():
        for number, answer in zip(numbers, running[service].result(), strict=True):
            answers[number] = answer
    return answers


@contextmanager
def shared_shells() -> Iterator[None]:
    """Let all calls in the block share the services' shells, which end with the outermost block."""
    if _shells.get() is not None:
        yield
        return
    opened: dict[tuple[str, Service], _Shell] = {}
    token = _shells.set(opened)
    try:
        yield
    finally:
        _shells.reset(token)
        for shell in opened.values():
            shell.close()


def start(appserver: OpenEdXAppServer, services: Iterable[Service], context: Context) -> None:
    """Start the shells of services for the present block, while other work goes on."""
    host = _host(appserver, context)
    for service in services:
        _started(host, service)


def run_on_host(
    appserver: OpenEdXAppServer, script: str, context: Context, *, stdin: str = "", timeout: float
) -> Ran:
    """Run a shell script on the app server's host, as root; as the manager where it is a project.

    A project of containers is on the engine's machine, where root has nothing to do.
    """
    host = _host(appserver, context)
    argv = ["sh", "-c", script]
    if host.provisioner != TUTOR:
        argv = ["sudo", "-n", *argv]
    return host.provider.run(host.name, argv, stdin=stdin, timeout=timeout)


def located(text: str, appserver: OpenEdXAppServer, context: Context) -> str:
    """Return the text with its paths on the app server, whose root may be a directory."""
    return text.replace("/edx/", f"{_host(appserver, context).root}/edx/")


@dataclass(frozen=True, slots=True)
class _Host:
    provider: Provider
    name: str
    root: str
    appserver: int
    traits: Traits
    provisioner: str


def _host(appserver: OpenEdXAppServer, context: Context) -> _Host:
    server = appserver.server
    if server is None:
        raise Conflict(f"{appserver} has no host.")
    provider = machines.provider_of(server.provider, context)
    host = provider.find(server.name)
    if host is None:
        raise Conflict(f"{appserver} has no host.")
    release = of_instance(appserver_spec(appserver, context.policy))
    return _Host(
        provider, server.name, host.root, appserver.pk, traits(release), appserver.provisioner
    )


@dataclass
class _Shell:
    """Shell of a service on a host."""

    session: Session | None = None
    fault: OcimError | None = None
    """Error of the attempt to start it."""
    asked: list[Call] = field(default_factory=list)
    """Calls that were sent to it: its output may show their secrets."""

    def close(self) -> None:
        if self.session:
            self.session.close()


_shells: ContextVar[dict[tuple[str, Service], _Shell] | None] = ContextVar("shells", default=None)


def _started(host: _Host, service: Service) -> _Shell:
    """Return the service's shell, started unless it runs. It ends with the thread that calls this.

    A shell that was ended meanwhile, as by a reboot, is started again.
    """
    opened, key = _shells.get(), (host.name, service)
    assert opened is not None  # noqa: S101 - the caller has opened a block
    shell = opened.setdefault(key, _Shell())
    if shell.session is None or not shell.session.is_open:
        shell.close()
        argv = shells.session(service, host.traits, host.root, provisioner=host.provisioner)
        opened[key] = shell = _Shell()
        try:
            shell.session = host.provider.open_session(host.name, argv)
        except (TransientError, PermanentError) as error:
            shell.fault = error
    return shell


def _answers(
    host: _Host, shell: _Shell, calls: Sequence[Call], stop: bool, timeout: float
) -> list[Any]:
    """Run the calls in a shell of a service. It has a thread of its own: use no database."""
    service = calls[0].service
    shell.asked += calls
    if shell.session is None:
        return [shell.fault] * len(calls)
    program = shells.program([_part(item) for item in calls], stop=stop)
    try:
        ran = shell.session.ask(program, timeout=timeout)
    except OcimError as error:  # including the job's end: the waiting thread raises it
        return [error] * len(calls)
    answers = shells.results(ran.output)
    if answers is None:
        text = (ran.errors or ran.output).strip()[-_END:] or f"exit status {ran.status}"
        failed = TransientError(
            f"{service.value}: its shell on {host.name} failed: {_masked(text, shell.asked)}",
            remedy=f"`ocim appserver shell {host.appserver}` leads there.",
        )
        return [failed] * len(calls)
    not_made = [Conflict(f"{service.value}: not done, since another failed before.")]
    return [_returned(service, answer, calls) for answer in answers] + not_made * (
        len(calls) - len(answers)
    )


def _part(call: Call) -> shells.Part:
    name, _, called = call.function.partition(".")
    text = (files("ocim.catalog") / "programs" / f"{name}.py").read_text()
    return shells.Part(text, called, revealed(call.arguments))


def _returned(service: Service, answer: Mapping[str, Any], calls: Sequence[Call]) -> Any:
    if "error" in answer:
        return PermanentError(f"{service.value}: {_masked(answer['error'], calls)[-_END:]}")
    return answer["result"]


def _masked(text: str, calls: Sequence[Call]) -> str:
    return masker([dict(item.arguments) for item in calls])(text)
