"""Superusers of an instance's LMS: listed at once, made and taken away by a job."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email

from ocim.core.actions import Action
from ocim.core.errors import Conflict, ValidationError
from ocim.core.instance import Service
from ocim.core.jobs import SuperuserJob
from ocim.operations import jobs
from ocim.operations.claim import Claim
from ocim.operations.context import Context
from ocim.operations.logs import say
from ocim.operations.shop import remote
from ocim.operations.shop.set_up import served_by
from ocim.store.models import Job, OpenEdXInstance
from ocim.store.selectors import appservers_with_specs

LONGEST_EMAIL = 254
_NAME = re.compile(r"[\w.@+][\w.@+-]{0,149}")
"""Names of the LMS. A dash at the beginning would be an option of its command."""
FAULTS: Mapping[str, tuple[str, str]] = {
    "missing": ("The LMS has no user {name!r}.", "Pass an email address to create the user."),
    "address": (
        "User {name!r} of the LMS has another email address than {email!r}.",
        "Check that it is the person you mean, and leave the address away.",
    ),
}
"""Answers of the program that are faults, each with its text and its remedy."""


@dataclass(frozen=True, slots=True)
class Superuser:
    """A superuser of the LMS."""

    name: str
    email: str
    is_enabled: bool
    """False if the user cannot sign in."""


def listed(instance: OpenEdXInstance, context: Context) -> list[Superuser]:
    """Return the superusers by name. It starts a program in the LMS, which takes seconds.

    Raise Conflict if no app server runs.
    """
    answer = remote.call(served_by(instance), Service.LMS, "lms.superusers", {}, context)
    return [
        Superuser(name, user["email"], user["enabled"])
        for name, user in sorted(answer["users"].items())
    ]


def request(
    instance: OpenEdXInstance, *, name: str, email: str = "", make: bool, queue: str
) -> Job:
    """Submit the job that makes a user a superuser, or takes that away.

    With `email`, a user that is missing is created, without a password: it is set by the LMS's form
    for forgotten ones. Raise ValidationError for a name or an address that the LMS cannot have, and
    Conflict if no app server runs.
    """
    name, email = name.strip(), email.strip()
    faults = [] if _NAME.fullmatch(name) else [f"name: {name!r} is no user name of the LMS."]
    if email and not _is_address(email):
        faults.append(f"email: {email!r} is no email address.")
    if faults:
        raise ValidationError(faults)
    appserver = served_by(instance)
    payload = SuperuserJob(appserver.pk, name, email if make else "", make)
    return jobs.submit(target=instance, payload=payload, queue=queue)


def run(claim: Claim, payload: SuperuserJob) -> list[Action]:
    """Change the user, and say so in the app server's log. Raise Conflict if it cannot be done."""
    claim.on_step("superusers")
    context = claim.context
    appserver = appservers_with_specs().get(pk=payload.appserver)
    wanted = {"name": payload.name, "email": payload.email, "make": payload.make}
    answer = remote.call(appserver, Service.LMS, "lms.set_superuser", wanted, context)
    if fault := FAULTS.get(answer or ""):
        problem, remedy = (text.format(name=payload.name, email=payload.email) for text in fault)
        raise Conflict(problem, remedy=remedy)
    done = "is a superuser" if payload.make else "is neither a superuser nor staff any more"
    created = " Created the user." if answer == "created" else ""
    say(appserver, f"{payload.name} {done} of the LMS.{created}", context=context)
    return []


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except DjangoValidationError:
        return False
    return len(text) <= LONGEST_EMAIL
