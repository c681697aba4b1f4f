"""Rows → the values that the catalog and the outside work with."""

from ocim.core.policy import Policy
from ocim.core.spec import Database, Instance
from ocim.store.models import OpenEdXInstance


def instance_spec(instance: OpenEdXInstance, policy: Policy) -> Instance:
    """What an operator has said of the instance, and the places it was given.

    Reads `instance.database_server`: select it with the instance where there are many.
    """
    return Instance(
        id=instance.pk,
        name=instance.name,
        email=instance.email,
        domains=instance.domains,
        openedx_release=instance.openedx_release,
        edx_platform_repository_url=instance.edx_platform_repository_url,
        edx_platform_commit=instance.platform_commit,
        configuration_source_repo_url=instance.configuration_source_repo_url,
        configuration_version=instance.configuration_version,
        configuration_playbook_name=instance.playbook_name,
        time_zone=instance.time_zone,
        databases={"edxapp": _database(instance, "edxapp")},
        storage_directory=str(policy.storage / instance.database_name),
        public_port=policy.https_port,
    )


def _database(instance: OpenEdXInstance, purpose: str) -> Database:
    server = instance.database_server
    return Database(
        kind=server.kind, name=f"{server.directory}/{instance.database_name}/{purpose}.sqlite3"
    )
