from dataclasses import replace

import pytest

from ocim.core.errors import TransientError
from ocim.core.mail import MailRelay
from ocim.operations.doctor.mail import check_mail
from ocim.operations.effective import effective_variables
from tests.world import World

RELAY = MailRelay("mail.example.com", 25)


@pytest.fixture
def mailing(world: World) -> World:
    world.policy = replace(world.policy, mail=RELAY)
    return world


def test_every_instance_gets_the_relay_of_the_installation(mailing: World) -> None:
    values = effective_variables(mailing.make_instance(), mailing.policy).values
    assert values["EDXAPP_EMAIL_HOST"] == "mail.example.com"


def test_the_doctor_names_instances_whose_address_the_relay_rejects(mailing: World) -> None:
    mailing.spawn(mailing.make_instance(email="mine@example.com"), activate=True)
    other = mailing.make_instance(email="other@example.net")
    mailing.spawn(other, activate=True)
    mailing.mail.refuses = {"other@example.net"}
    [finding] = check_mail(mailing.context())
    assert (finding.severity, finding.where) == ("warning", str(other))
    assert "rejects the sender other@example.net: 553 not yours" in finding.what


def test_the_doctor_tells_of_a_relay_that_is_away(mailing: World) -> None:
    mailing.mail.away = True
    with pytest.raises(TransientError, match="does not answer"):
        list(check_mail(mailing.context()))


def test_without_a_relay_there_is_nothing_to_check(world: World) -> None:
    world.mail.away = True
    assert list(check_mail(world.context())) == []
