"""Set-up steps at the LMS: users, permissions, OAuth clients, and the path to the shop."""

from collections.abc import Mapping
from typing import Any

from ocim.catalog.steps.clients import CLIENTS
from ocim.catalog.steps.step import (
    Command,
    Fields,
    Observation,
    Script,
    Step,
    StepAction,
    StepInputs,
)
from ocim.core.instance import Service

BOTH = frozenset({Service.ECOMMERCE, Service.DISCOVERY})
SHOP = frozenset({Service.ECOMMERCE})
GROUP = "ecommerce_service"
PERMISSIONS = (
    ("api_admin", "catalog"),
    ("bulk_email", "coursemodetarget"),
    ("commerce", "commerceconfiguration"),
    ("course_modes", ""),
)
"""Permissions of the shop's user by app and model, as documented; no model: all of the app."""
BY_NAME = tuple(
    f"{app}:{model or 'coursemode'}:{verb}_{model or 'coursemode'}"
    for app, model in PERMISSIONS
    for verb in ("add", "change", "delete")
)
"""Names of the permissions that exist in every release, for a runbook without an LMS to ask."""


MIGRATED: Mapping[str, Mapping[str, Any]] = {
    "ecommerce_worker": {
        "email": "ecommerce_worker@fake.email",
        "superuser": False,
        "groups": [],
    }
}
"""User that a migration of the LMS creates; its address must not be changed."""
CHECKOUT_PAGE = "/basket/add/"


# Users.


def _wanted_users(inputs: StepInputs) -> Fields:
    fields: Fields = {}
    for service in inputs.shop_services:
        fields[f"{inputs.worker(service)}.staff"] = True
        fields[f"{inputs.worker(service)}.name"] = f"{service.value.capitalize()} worker"
    return fields


def _make_users(inputs: StepInputs, fields: Fields, observed: Observation) -> list[StepAction]:
    actions: list[StepAction] = []
    for service in inputs.shop_services:
        name = inputs.worker(service)
        user = observed["users"].get(name)
        if not (user and observed["fields"].get(f"{name}.staff")):
            actions.append(manage_user(name, user, inputs, groups=[]))
    names = {name: fields[f"{name}.name"] for name in map(inputs.worker, inputs.shop_services)}
    listed = ", ".join(f"{name}: {full}" for name, full in names.items())
    actions.append(
        Script(
            Service.LMS,
            "lms.set_full_names",
            {"names": names},
            f"In the LMS's admin, at /admin/auth/user/, give users full names ({listed}).",
        )
    )
    return actions


def manage_user(
    name: str, user: Mapping[str, Any] | None, inputs: StepInputs, *, groups: list[str]
) -> Command:
    """Return the command that makes the user staff and a member of these groups, too.

    Pass the present address, groups and rights of an existing `user`: the command rejects another
    address, and takes away all groups and rights that are not passed.
    """
    domain = inputs.instance.domains.lms
    words = ["manage_user", name, user["email"] if user else f"{name}@{domain}", "--staff"]
    if user is None:
        words.append("--unusable-password")
    elif user["superuser"]:
        words.append("--superuser")
    all_groups = sorted({*(user["groups"] if user else ()), *groups})
    return Command(Service.LMS, (*words, *(["--groups", *all_groups] if all_groups else [])))


# Permissions.


def _grant(inputs: StepInputs, _fields: Fields, observed: Observation) -> list[StepAction]:
    user = inputs.worker(Service.ECOMMERCE)
    permissions = sorted({*observed["of_group"], *observed["wanted"]})
    return [
        Command(Service.LMS, ("manage_group", GROUP, "--permissions", *permissions)),
        manage_user(user, observed["users"].get(user), inputs, groups=[GROUP]),
    ]


# Path to the shop.


def _wanted_commerce(inputs: StepInputs) -> Fields:
    return {
        "enabled": True,
        "checkout_on_ecommerce_service": True,
        inputs.traits.checkout_page_field: CHECKOUT_PAGE,
    }


def _set_commerce(_inputs: StepInputs, fields: Fields, _observed: Observation) -> list[StepAction]:
    listed = ", ".join(f"{name} = {value}" for name, value in fields.items())
    words = f"In the LMS's admin, at /admin/commerce/commerceconfiguration/add/: {listed}."
    return [Script(Service.LMS, "lms.set_commerce", {"fields": fields}, words)]


STEPS = (
    Step(
        name="users",
        about="users of the services at the LMS: staff, with full names",
        services=BOTH,
        observed_by=Service.LMS,
        observer="lms.users",
        wanted=_wanted_users,
        observer_arguments=lambda inputs: {"users": list(map(inputs.worker, inputs.shop_services))},
        actions=_make_users,
        essential=lambda field: field.endswith(".staff"),
    ),
    Step(
        name="permissions",
        about="permissions of the shop's user at the LMS",
        services=SHOP,
        observed_by=Service.LMS,
        observer="lms.permissions",
        wanted=lambda _inputs: {"lacking": []},
        observer_arguments=lambda inputs: {
            "user": inputs.worker(Service.ECOMMERCE),
            "group": GROUP,
            "permissions": [list(permission) for permission in PERMISSIONS],
        },
        actions=_grant,
    ),
    CLIENTS,
    Step(
        name="commerce",
        about="sale of courses through the shop",
        services=SHOP,
        observed_by=Service.LMS,
        observer="lms.commerce",
        wanted=_wanted_commerce,
        observer_arguments=lambda inputs: {"names": list(_wanted_commerce(inputs))},
        actions=_set_commerce,
        essential=lambda field: field != "enabled",
    ),
)
