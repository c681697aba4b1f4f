"""An instance to generate variables for."""

from dataclasses import replace
from typing import Any

from ocim.catalog.jwt import JwtKeys
from ocim.core.spec import Database, Domains, Instance, Secret

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
    """The demo instance, with some fields changed."""
    return replace(_DEMO, **changes)
