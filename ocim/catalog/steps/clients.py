"""Set-up step of the OAuth clients at the LMS, one or two for each service."""

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
    for service in inputs.shop_services:
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
        fields[f"{client.key}.user"] = inputs.worker(client.service)
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
    actions: list[StepAction] = []
    for client in clients_of(inputs):
        own = {name: value for name, value in fields.items() if name.startswith(f"{client.key}.")}
        if all(present.get(name) == value for name, value in own.items()):
            continue
        name, user = observed["names"].get(client.key), fields[f"{client.key}.user"]
        if name and present.get(f"{client.key}.user") != user:
            actions.append(_attach_client(client, user))
        actions.append(_make_client(client, inputs, fields, name))
    return actions


def _attach_client(client: Client, user: str) -> Script:
    """Return the action without which the command does not find a client of another user's."""
    words = (
        "In the LMS's admin, at /admin/oauth2_provider/application/ (before juniper:"
        f" /admin/oauth2/client/), give the client {client.client_id} the user {user}."
    )
    arguments = {"client": client.client_id, "user": user}
    return Script(Service.LMS, "lms.set_client_user", arguments, words)


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


CLIENTS = Step(
    name="clients",
    about="OAuth clients at the LMS, for sign-on and for calls of the services",
    services=frozenset({Service.ECOMMERCE, Service.DISCOVERY}),
    observed_by=Service.LMS,
    observer="lms.clients",
    wanted=_wanted_clients,
    observer_arguments=_clients_arguments,
    actions=_make_clients,
)
