"""Sites that Tutor runs already: each becomes an instance beside it, with its data and secrets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml
from django.db import transaction

from ocim.catalog.tutor.adoption import Adoption, adoption
from ocim.catalog.variables.jwt import JwtKeys, from_pem
from ocim.core.actions import Action
from ocim.core.content import ContentAccount, ContentHost
from ocim.core.errors import OcimError, ValidationError, gathered
from ocim.core.hosts import DOCKER
from ocim.core.instance import Database
from ocim.core.provisioning import TUTOR
from ocim.core.secrets import Secret
from ocim.operations import instances
from ocim.operations.context import Context
from ocim.operations.instance_settings import DATABASE_SERVER, EXTRA_SETTINGS, with_defaults
from ocim.operations.provisioners import MYSQL
from ocim.parsing.yaml_text import read_mapping
from ocim.store.models import DatabaseServer, OpenEdXInstance
from ocim.store.specs import all_databases, database_host

CONFIG = "config.yml"
VERSION = "env/version"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Adopted:
    """An adopted site."""

    instance: OpenEdXInstance
    site: Adoption
    warnings: tuple[str, ...]
    """Sentences on what may be wrong with the site's data."""


def adopt(
    *, root: Path, defaults: Mapping[str, str], context: Context
) -> tuple[Adopted, list[Action]]:
    """Create an instance of the site that Tutor runs in the directory `root`.

    It has the site's names, secrets, databases and settings; nothing of the site changes. Raise
    ValidationError with every fault of its files, of its servers, and of the instance that would
    come of them.
    """
    path = root / CONFIG
    config, version = gathered(
        lambda: read_mapping(_text(path), where=str(path)), lambda: _text(root / VERSION).strip()
    )
    site = adoption(config, version, allowed=context.policy.tutor_plugins)
    faults = list(site.faults)
    keys = _noting(faults, lambda: _keys(site))
    server = _noting(faults, lambda: _server(site, context))
    warnings = _noting(faults, lambda: _warnings(site, context)) or ()
    fields = {
        **site.fields,
        "provisioner": TUTOR,
        "provider": DOCKER,
        "notes": f"Adopted from {root}.",
        DATABASE_SERVER: server.name if server else "",
        EXTRA_SETTINGS: yaml.safe_dump(dict(site.settings), allow_unicode=True, sort_keys=False),
    }
    created = None
    with transaction.atomic():
        if site.major and site.fields.get("internal_lms_domain"):
            # Also where something else is wrong, for the instance's own faults; it is undone then.
            created = _noting(
                faults,
                lambda: instances.create(
                    fields=with_defaults(fields, defaults, context),
                    context=context,
                    keys=keys,
                    adopted_databases=site.databases,
                ),
            )
        if faults or created is None:
            raise ValidationError(list(dict.fromkeys(faults)))
    instance, actions = created
    return Adopted(instance, site, warnings), actions


def _noting(faults: list[str], read: Callable[[], T]) -> T | None:
    """Return the function's result; None if it raises, and then add what is wrong."""
    try:
        return read()
    except OcimError as error:
        problems = error.faults if isinstance(error, ValidationError) else (error.problem,)
        faults += [f"{problem} {error.remedy}".strip() for problem in problems]
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ValidationError(
            [f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}."],
            remedy="Name the directory that `tutor config printroot` prints.",
        ) from None


def _keys(site: Adoption) -> JwtKeys | None:
    if site.private_key is None:
        return None
    try:
        return from_pem(site.private_key)
    except ValueError:
        fault = "JWT_RSA_PRIVATE_KEY is no private key of RSA in PEM."
        raise ValidationError([fault]) from None


def _server(site: Adoption, context: Context) -> DatabaseServer | None:
    """Return the server of the site's databases. Raise ValidationError unless it has them all."""
    if site.server is None:
        return None
    host, port = site.server
    server = DatabaseServer.objects.filter(kind=MYSQL, host=host, port=port).first()
    if server is None:
        raise ValidationError(
            [f"MYSQL_HOST: no database server is registered at {host}:{port}."],
            remedy=f"Run `ocim database-server register NAME mysql://{host}:{port}`.",
        )
    users = {
        database.name: instance
        for instance in OpenEdXInstance.objects.filter(database_server=server)
        for database in all_databases(instance).values()
    }
    faults = [
        f"The database {name} is that of {users[name]}."
        for name in site.databases.values()
        if name in users
    ]
    databases, at = context.adapters.databases[MYSQL], database_host(server)
    faults += [
        f"{server} has no database {name}."
        for name in site.databases.values()
        if databases.size(Database(MYSQL, name, host, port, server=at)) is None
    ]
    if faults:
        raise ValidationError(faults)
    return server


def _warnings(site: Adoption, context: Context) -> tuple[str, ...]:
    """Return what looks wrong about the site's MongoDB; raise an OcimError if it lets nobody in."""
    settings = site.content
    if settings is None or "://" in str(settings["HOST"]):  # which only the LMS can read
        return ()
    host, port, database = str(settings["HOST"]), int(settings["PORT"]), str(settings["DATABASE"])
    url, tls = f"mongodb://{host}:{port}", settings["USE_SSL"] is True
    user, password = str(settings["USERNAME"] or ""), Secret(str(settings["PASSWORD"] or ""))
    server = ContentHost(url, host, port, tls, user, password, str(settings["AUTH_SOURCE"]))
    place = ContentAccount(url, host, port, tls, database, user, password)
    usage = context.adapters.content["mongodb"].usage(server, place)
    if usage.collections:
        return ()
    return (f"MONGODB_DATABASE: {url} has nothing in {database}. Are its courses elsewhere?",)
