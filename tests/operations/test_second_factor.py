"""Codes of an app, and recovery codes."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pyotp import TOTP

from ocim.core.errors import Conflict, ValidationError
from ocim.core.secrets import Secret
from ocim.operations import second_factor
from ocim.store.models import AuditEntry, RecoveryCode, SecondFactor, Session
from tests.web.conftest import signed_in
from tests.world import World


@pytest.fixture
def mira(db: None) -> User:
    return User.objects.create_user("mira")


def code(user: User, world: World, steps: int = 0) -> str:
    """Return the code that the app shows so many steps of 30 seconds later."""
    row = SecondFactor.objects.get(user=user)
    return TOTP(row.secret).at(world.clock.now, counter_offset=steps)


def turn_on(user: User, world: World) -> list[Secret]:
    second_factor.begin(user=user)
    return second_factor.confirm(
        user=user, code=code(user, world), but=None, context=world.context()
    )


def check(user: User, text: str, world: World) -> bool:
    return second_factor.check(user=user, code=text, context=world.context())


def test_it_is_on_once_a_code_is_confirmed(world: World, mira: User) -> None:
    second_factor.begin(user=mira)
    assert not second_factor.is_on(mira)
    shown = second_factor.address(mira)
    assert shown
    assert shown.reveal().startswith("otpauth://totp/Ocim:mira?secret=")
    codes = second_factor.confirm(
        user=mira, code=code(mira, world), but=None, context=world.context()
    )
    assert second_factor.is_on(mira)
    assert second_factor.address(mira) is None
    assert len({item.reveal() for item in codes}) == second_factor.CODES


def test_a_wrong_code_confirms_nothing(world: World, mira: User) -> None:
    second_factor.begin(user=mira)
    with pytest.raises(ValidationError, match="code: it is wrong"):
        second_factor.confirm(user=mira, code="000", but=None, context=world.context())
    assert not second_factor.is_on(mira)


def test_confirming_ends_sessions_that_were_begun_without_a_code(world: World) -> None:
    signed_in("mira")
    turn_on(User.objects.get(), world)
    assert not Session.objects.exists()


def test_a_code_works_once(world: World, mira: User) -> None:
    turn_on(mira, world)
    assert not check(mira, code(mira, world), world)
    world.clock.forward(30)
    assert check(mira, code(mira, world), world)
    assert not check(mira, code(mira, world), world)


@pytest.mark.parametrize("steps, is_right", [(-2, False), (1, True), (2, False)])
def test_the_apps_clock_may_differ_by_a_step(
    world: World, mira: User, steps: int, is_right: bool
) -> None:
    turn_on(mira, world)
    world.clock.forward(600)
    assert check(mira, code(mira, world, steps), world) is is_right


def test_an_older_code_does_not_work_after_a_newer_one(world: World, mira: User) -> None:
    turn_on(mira, world)
    world.clock.forward(600)
    older = code(mira, world)
    assert check(mira, code(mira, world, 1), world)
    assert not check(mira, older, world)


def test_a_recovery_code_works_once_however_it_is_typed(world: World, mira: User) -> None:
    codes = turn_on(mira, world)
    typed = codes[0].reveal().upper().replace("-", " ")
    assert check(mira, typed, world)
    assert not check(mira, typed, world)
    [entry] = AuditEntry.objects.filter(action="user.use-recovery-code")
    assert entry.after == {"left": second_factor.CODES - 1}


@pytest.mark.parametrize("text", ["", "abcdef", "١٢٣٤٥٦", "0" * 1000, "\0"])
def test_what_is_no_code_is_wrong(world: World, mira: User, text: str) -> None:
    turn_on(mira, world)
    assert not check(mira, text, world)


def test_without_a_second_factor_no_code_is_right(world: World, mira: User) -> None:
    codes = turn_on(mira, world)
    second_factor.remove(user=mira)
    assert not second_factor.is_on(mira)
    assert not check(mira, codes[0].reveal(), world)
    with pytest.raises(Conflict, match="mira has no second factor"):
        second_factor.remove(user=mira)
    with pytest.raises(Conflict, match="mira has no second factor"):
        second_factor.renew_codes(user=mira)


def test_a_second_factor_that_is_on_is_not_replaced(world: World, mira: User) -> None:
    turn_on(mira, world)
    with pytest.raises(Conflict, match="has a second factor already"):
        second_factor.begin(user=mira)


def test_the_database_and_the_audit_log_have_no_secret(world: World, mira: User) -> None:
    codes = turn_on(mira, world)
    secret = SecondFactor.objects.get().secret
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM store_secondfactor")
        assert secret not in cursor.fetchone()[0]
    hashes = RecoveryCode.objects.values_list("hash", flat=True)
    assert not {item.reveal() for item in codes} & set(hashes)
    assert all(entry.after == {} for entry in AuditEntry.objects.filter(target_kind="user"))
