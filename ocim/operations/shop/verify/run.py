"""A verification, from the clean-up after the last one to its own."""

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator

from ocim.core import stopping
from ocim.core.errors import Cancelled, Conflict, LostClaim, OcimError
from ocim.core.instance import ALWAYS, Service
from ocim.core.states import AppServerState
from ocim.core.verification import Line, Report
from ocim.operations.context import Context
from ocim.operations.masking import mask_of, masked_values
from ocim.operations.shop.remote import shared_shells
from ocim.operations.shop.verify import people as everybody
from ocim.operations.shop.verify.catalogue import catalogue
from ocim.operations.shop.verify.cleaning import clean
from ocim.operations.shop.verify.clients import backend
from ocim.operations.shop.verify.cron import job
from ocim.operations.shop.verify.health import answers, speed
from ocim.operations.shop.verify.lines import Failed, failed
from ocim.operations.shop.verify.purchase import buy, refused
from ocim.operations.shop.verify.scene import Scene
from ocim.operations.shop.verify.servers import died_meanwhile, servers
from ocim.operations.shop.verify.shop import shop
from ocim.operations.shop.verify.sign_on import sign_on
from ocim.store.models import OpenEdXAppServer, Verification

log = logging.getLogger(__name__)
OnLine = Callable[[Line], None]


@shared_shells()
def verify(
    appserver: OpenEdXAppServer,
    context: Context,
    *,
    purchase: bool = False,
    on_start: Callable[[Verification], object] = lambda _record: None,
    on_line: OnLine = lambda _line: None,
) -> Report:
    """Test ecommerce and course discovery as their users would, through the balancer.

    Call `on_start` with the record, which gets every line as it comes, and `on_line` with each
    line. The caller holds the instance, since a verification removes what others left. Raise
    Conflict if there is nothing to verify: the app server does not serve, or has neither service.
    """
    appserver.refresh_from_db()
    require_services(appserver)
    scene = Scene(appserver, context)
    leftovers = Verification.objects.filter(instance=appserver.instance, cleaned=False)
    owed = list(leftovers.values_list("pk", flat=True))
    record = Verification.objects.create(
        instance=appserver.instance,
        appserver=appserver,
        started_at=context.now(),
        purchase=purchase,
    )
    on_start(record)
    lines: list[Line] = []

    def tell(name: str, check: Iterable[Line]) -> None:
        for line in _guarded(name, check):
            stopping.check()
            lines.append(line)
            record.lines = masked_values([line.as_dict() for line in lines], mask_of(appserver))
            record.save(update_fields=["lines"])
            on_line(line)

    if owed:
        again = "clean-up after an interrupted verification"
        tell(again, clean(scene, again, bought=True))
    if not lines or Report(tuple(lines)).ok:
        leftovers.filter(pk__in=owed).update(cleaned=True)
    try:
        for name, check in _checks(scene, purchase=purchase):
            tell(name, check)
        if not Report(tuple(lines)).ok:
            tell("shared servers, in the end", died_meanwhile(scene, tuple(lines)))
    finally:
        before = len(lines)
        with stopping.clean_up():
            tell("clean-up", clean(scene, "clean-up", bought=purchase))
        record.cleaned = Report(tuple(lines[before:])).ok
        record.save(update_fields=["cleaned"])
    report = Report(tuple(lines))
    record.ok, record.ended_at = report.ok, context.now()
    record.save(update_fields=["ok", "ended_at"])
    _forget(record)
    return report


def _checks(scene: Scene, *, purchase: bool) -> Iterator[tuple[str, Iterable[Line]]]:
    """Yield the checks in order, each with the name of its line in case of an error."""
    forbidden = refused(scene) if purchase else []
    buys = purchase and not forbidden and scene.has(Service.ECOMMERCE)
    payers = [f"payer{number}" for number, _ in enumerate(scene.shop.processors, start=1)]
    token = secrets.token_hex(3)
    visitor, *buyers = everybody.invent(
        token, "visitor", *(["author", "redeemer", *payers] if buys else [])
    )
    yield "shared servers", servers(scene)
    yield "health", answers(scene)
    yield "lms: speed", speed(scene)
    yield "clients at the LMS", backend(scene)
    yield "sign-on", sign_on(scene, visitor)
    yield "ecommerce: settings", shop(scene)
    yield "discovery: cron job", job(scene)
    yield "discovery: courses", catalogue(scene)
    yield "purchase", forbidden
    if buys:
        yield "purchase", buy(scene, token, buyers)


def _guarded(name: str, check: Iterable[Line]) -> Iterator[Line]:
    """Yield the lines of a check, and one more if it ends in an error."""
    try:
        yield from check
    except Failed as failure:
        yield failure.line
    except (Cancelled, LostClaim):
        raise
    except OcimError as error:
        yield failed(name, error.problem, error.remedy)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # An answer may have any form: a proxy may send it instead of the service.
        log.exception("%s: an answer was not understood", name)
        yield failed(name, f"an answer was not understood: {error!r}", "The log has more.")


def require_services(appserver: OpenEdXAppServer) -> None:
    """Raise Conflict unless the app server serves visitors, and has ecommerce or discovery."""
    if not appserver.services - ALWAYS:
        raise Conflict(
            f"{appserver} has neither ecommerce nor discovery.",
            remedy="`ocim services enable` turns them on, for the next app server.",
        )
    if appserver.state != AppServerState.RUNNING or not appserver.is_active:
        raise Conflict(
            f"{appserver} is not active: the balancer does not lead to it.",
            remedy=f"`ocim appserver activate {appserver.pk}` makes it serve.",
        )
    if appserver.instance.maintenance:
        raise Conflict(
            f"{appserver.instance} is in maintenance: the checks would meet its page, as visitors"
            " do.",
            remedy=f"End it first: ocim instance maintenance {appserver.instance_id} off",
        )


def _forget(latest: Verification) -> None:
    """Delete older records that have nothing left to clean up; pages show the latest."""
    Verification.objects.filter(instance=latest.instance, pk__lt=latest.pk, cleaned=True).delete()
