"""Sites that Tutor runs already: each becomes an instance beside it, with its data and secrets."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from ocim.catalog.tutor.adoption import Adoption, adoption
from ocim.catalog.variables.jwt import JwtKeys, from_pem
from ocim.core.actions import Action
from ocim.core.errors import ValidationError, gathered
from ocim.core.hosts import DOCKER
from ocim.core.instance import Database
from ocim.core.provisioning import TUTOR
from ocim.operations import instances
from ocim.operations.context import Context
from ocim.operations.instance_settings import DATABASE_SERVER, EXTRA_SETTINGS, with_defaults
from ocim.operations.provisioners import MYSQL
from ocim.parsing.yaml_text import read_mapping
from ocim.store.models import DatabaseServer, OpenEdXInstance
from ocim.store.specs import all_databases, database_host

CONFIG = "config.yml"
VERSION = "env/version"


def adopt(
    *, root: Path, defaults: Mapping[str, str], context: Context
) -> tuple[OpenEdXInstance, list[Action], Adoption]:
    """Create an instance of the site that Tutor runs in the directory `root`.

    It has the site's names, secrets, databases and settings; nothing of the site changes. Raise
    ValidationError with every fault of its files, or of the instance that would come of them, and
    TransientError or PermanentError if its database server does not answer.
    """
    path = root / CONFIG
    config, version = gathered(
        lambda: read_mapping(_text(path), where=str(path)), lambda: _text(root / VERSION).strip()
    )
    site = adoption(config, version)
    keys, server = gathered(lambda: _keys(site), lambda: _server(site, context))
    fields = {
        **site.fields,
        "provisioner": TUTOR,
        "provider": DOCKER,
        "notes": f"Adopted from {root}.",
        DATABASE_SERVER: server.name,
        EXTRA_SETTINGS: yaml.safe_dump(dict(site.settings), allow_unicode=True, sort_keys=False),
    }
    instance, actions = instances.create(
        fields=with_defaults(fields, defaults, context),
        context=context,
        keys=keys,
        adopted_databases=site.databases,
    )
    return instance, actions, site


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ValidationError(
            [f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}."],
            remedy="Name the directory that `tutor config printroot` prints.",
        ) from None


def _keys(site: Adoption) -> JwtKeys:
    try:
        return from_pem(site.private_key)
    except ValueError:
        fault = "JWT_RSA_PRIVATE_KEY is no private key of RSA in PEM."
        raise ValidationError([fault]) from None


def _server(site: Adoption, context: Context) -> DatabaseServer:
    """Return the server of the site's databases. Raise ValidationError unless it has them all."""
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
