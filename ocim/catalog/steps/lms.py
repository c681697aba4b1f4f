"""Set-up steps at the LMS: users, permissions, OAuth clients, and the path to the shop."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ocim.catalog.endpoints import public_url
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
from ocim.core.secrets import Secret

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


def worker(service: Service) -> str:
    """Return the name of the user with which the service calls the LMS."""
    return f"{service.value}_worker"


MIGRATED: Mapping[str, Mapping[str, Any]] = {
    worker(Service.ECOMMERCE): {
        "email": "ecommerce_worker@fake.email",
        "superuser": False,
        "groups": [],
    }
}
"""User that a migration of the LMS creates; its address must not be changed."""
CHECKOUT_PAGE = "/basket/add/"


def _services(inputs: StepInputs) -> list[Service]:
    return [service for service in (Service.ECOMMERCE, Service.DISCOVERY) if inputs.has(service)]


# Users.


def _wanted_users(inputs: StepInputs) -> Fields:
    fields: Fields = {}
    for service in _services(inputs):
        fields[f"{worker(service)}.staff"] = True
        fields[f"{worker(service)}.name"] = f"{service.value.capitalize()} worker"
    return fields


def _make_users(inputs: StepInputs, fields: Fields, observed: Observation) -> list[StepAction]:
    actions: list[StepAction] = []
    for service in _services(inputs):
        name = worker(service)
        user = observed["users"].get(name)
        if not (user and observed["fields"].get(f"{name}.staff")):
            actions.append(manage_user(name, user, inputs, groups=[]))
    names = {name: fields[f"{name}.name"] for name in map(worker, _services(inputs))}
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
    user = worker(Service.ECOMMERCE)
    permissions = sorted({*observed["of_group"], *observed["wanted"]})
    return [
        Command(Service.LMS, ("manage_group", GROUP, "--permissions", *permissions)),
        manage_user(user, observed["users"].get(user), inputs, groups=[GROUP]),
    ]


# OAuth clients.


@dataclass(frozen=True, slots=True)
class Client:
    """OAuth client at the LMS."""

    key: str
    """Service and use, such as `ecommerce.sign-on`."""
    service: Service
    use: str
    client_id: str
    secret: Secret
    redirect: str
    """Redirect URI after sign-on; empty for a client that is not for sign-on."""


def clients_of(inputs: StepInputs) -> list[Client]:
    """Return the clients that the release needs for each service: for sign-on and for its calls."""
    traits = inputs.traits
    clients = []
    for service in _services(inputs):
        for use in traits.clients_per_service:
            prefix = f"{service.value.upper()}_{_VARIABLES[traits.sign_on_backend, use]}"
            redirect = f"{public_url(inputs.instance, service)}{traits.callback_path}"
            clients.append(
                Client(
                    key=f"{service.value}.{use}",
                    service=service,
                    use=use,
                    client_id=str(inputs.variables.get(f"{prefix}_KEY", "")),
                    secret=inputs.secret(f"{prefix}_SECRET"),
                    redirect=redirect if use == "sign-on" else "",
                )
            )
    return clients


_VARIABLES = {
    ("edx-oidc", "sign-on"): "SOCIAL_AUTH_EDX_OIDC",
    ("edx-oauth2", "sign-on"): "SOCIAL_AUTH_EDX_OAUTH2",
    ("edx-oauth2", "backend"): "BACKEND_SERVICE_EDX_OAUTH2",
}


def _wanted_clients(inputs: StepInputs) -> Fields:
    fields: Fields = {}
    for client in clients_of(inputs):
        fields[f"{client.key}.secret"] = inputs.fingerprint(client.secret)
        fields[f"{client.key}.user"] = worker(client.service)
        if client.redirect:
            fields[f"{client.key}.redirect"] = client.redirect
    return fields


def _clients_arguments(inputs: StepInputs) -> Mapping[str, Any]:
    return {
        "clients": {
            client.key: {
                "id": client.client_id,
                "secret": client.secret,
                "fingerprint": inputs.fingerprint(client.secret),
                "redirect": client.redirect,
            }
            for client in clients_of(inputs)
        }
    }


def _make_clients(inputs: StepInputs, fields: Fields, observed: Observation) -> list[StepAction]:
    present = observed["fields"]
    return [
        _make_client(client, inputs, fields, observed["names"].get(client.key))
        for client in clients_of(inputs)
        if any(
            present.get(name) != value
            for name, value in fields.items()
            if name.startswith(f"{client.key}.")
        )
    ]


def _make_client(client: Client, inputs: StepInputs, fields: Fields, name: str | None) -> Command:
    root = public_url(inputs.instance, client.service)
    user = fields[f"{client.key}.user"]
    redirect = fields.get(f"{client.key}.redirect", "")
    if inputs.traits.client_command == "create_oauth2_client":
        return Command(
            Service.LMS,
            (
                "create_oauth2_client",
                root,
                redirect,
                "confidential",
                "--username",
                user,
                "--client_name",
                name or client.service.value,
                "--client_id",
                client.client_id,
                "--client_secret",
                client.secret,
                "--trusted",
            ),
        )
    suffix, grant = (
        ("sso", "authorization-code")
        if client.redirect
        else ("backend-service", "client-credentials")
    )
    words: tuple[str | Secret, ...] = (
        "create_dot_application",
        name or f"{client.service.value}-{suffix}",
        user,
        "--grant-type",
        grant,
        "--client-id",
        client.client_id,
        "--client-secret",
        client.secret,
        "--update",
    )
    if client.redirect:
        words += ("--redirect-uris", redirect, "--skip-authorization", "--scopes", "user_id")
    return Command(Service.LMS, words)


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
        observer_arguments=lambda inputs: {"users": list(map(worker, _services(inputs)))},
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
        observer_arguments=lambda _inputs: {
            "user": worker(Service.ECOMMERCE),
            "group": GROUP,
            "permissions": [list(permission) for permission in PERMISSIONS],
        },
        actions=_grant,
    ),
    Step(
        name="clients",
        about="OAuth clients at the LMS, for sign-on and for calls of the services",
        services=BOTH,
        observed_by=Service.LMS,
        observer="lms.clients",
        wanted=_wanted_clients,
        observer_arguments=_clients_arguments,
        actions=_make_clients,
    ),
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
