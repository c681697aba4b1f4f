"""An instance to generate variables for."""

from dataclasses import replace
from typing import Any

from ocim.catalog.variables.effective import OPERATOR, effective
from ocim.catalog.variables.jwt import JwtKeys
from ocim.core.instance import ALWAYS, Account, Broker, Database, Domains, Instance, Search, Service
from ocim.core.secrets import Secret
from ocim.core.variables import Layer

KEYS = JwtKeys(private_jwk=Secret('{"kty":"RSA","d":"private"}'), public_jwk_set='{"keys":[{}]}')
SEED = b"the seed of instance 7"
DOMAINS = Domains(
    lms="demo.localhost",
    preview="preview.demo.localhost",
    studio="studio.demo.localhost",
    ecommerce="ecommerce.demo.localhost",
    discovery="discovery.demo.localhost",
)
DATABASES = {
    purpose: Database(kind="sqlite", name=f"/var/x/{purpose}.sqlite3")
    for purpose in ("edxapp", "ecommerce", "discovery")
}

RABBITMQ = Broker("rabbitmq", "mq.internal", 5672, "openedx_7", Secret("pw"), "/campus")
REDIS = Broker("redis", "redis.internal", 6379, "", Secret("pw"), "/0")
SEARCH = Search("https://search.internal:9200/", "campus_", "openedx_7", Secret("p/w"))
MYSQL = {
    purpose: Database("mysql", f"campus_{purpose}", "db", 3306, "openedx_7", Secret("pw-123"))
    for purpose in ("edxapp", "edxapp_csmh", "xqueue", "ecommerce", "discovery")
}
MIGRATED = {
    purpose: replace(
        database,
        migrator=Account("openedx_7_m", Secret("pw-m")),
        reader=Account("openedx_7_r", Secret("pw-r")),
    )
    for purpose, database in MYSQL.items()
}
"""Databases with further accounts, as Ocim creates them."""
ECOMMERCE, DISCOVERY = ALWAYS | {Service.ECOMMERCE}, ALWAYS | {Service.DISCOVERY}
BOTH = frozenset(Service)
REPOSITORY = "https://github.com/open-craft/configuration"

_DEMO = Instance(
    id=7,
    name="Démo: “yes”",
    email="ops@example.com",
    domains=DOMAINS,
    openedx_release="open-release/juniper.2",
    edx_platform_repository_url="https://github.com/open-craft/edx-platform",
    edx_platform_commit="opencraft-release/juniper.2",
    configuration_source_repo_url="builtin",
    configuration_version="",
    configuration_playbook_name="openedx_native.yml",
    time_zone="Europe/Berlin",
    databases={"edxapp": Database(kind="sqlite", name="/var/x/edxapp.sqlite3")},
    storage_directory="/var/storage/7",
    public_port=8443,
)


def instance(**changes: Any) -> Instance:
    """Return the demo instance, with some fields changed."""
    return replace(_DEMO, **changes)


def full(**changes: Any) -> Instance:
    """Return an instance with both services and every shared server."""
    return instance(
        **{
            "services": BOTH,
            "databases": MYSQL,
            "broker": RABBITMQ,
            "search": SEARCH,
            "public_port": 443,
            "configuration_source_repo_url": REPOSITORY,
            **changes,
        }
    )


def variables(of: Instance, **extra: Any) -> dict[str, Any]:
    return effective(of, [Layer(OPERATOR, extra)], seed=SEED, jwt_keys=KEYS).values
