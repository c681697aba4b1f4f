"""Database tables of Ocim: one file per aggregate."""

from ocim.store.models.access import (
    ApiToken,
    ExternalIdentity,
    Passkey,
    PasswordRequest,
    RecoveryCode,
    RoleGrant,
    SecondFactor,
)
from ocim.store.models.appserver import OpenEdXAppServer
from ocim.store.models.appserver_event import AppServerEvent
from ocim.store.models.audit import AuditEntry
from ocim.store.models.chore import Chore
from ocim.store.models.deployment import Deployment
from ocim.store.models.instance import SHARED_SERVERS, Domain, OpenEdXInstance
from ocim.store.models.instance_reference import InstanceReference, InstanceTag
from ocim.store.models.job import Job
from ocim.store.models.kept_answer import KeptAnswer
from ocim.store.models.lease import Lease, Leased
from ocim.store.models.log import LogEntry
from ocim.store.models.pool import PoolMachine
from ocim.store.models.rollout import (
    Backup,
    Rollout,
    RolloutEvent,
    SqlRun,
    Upgrade,
    UpgradeStep,
)
from ocim.store.models.saved_filter import SavedFilter
from ocim.store.models.server import Server
from ocim.store.models.service_step import ServiceStep
from ocim.store.models.session import Session
from ocim.store.models.shared import (
    CREATED,
    BrokerServer,
    ContentServer,
    DatabaseServer,
    HostedServer,
    LoadBalancingServer,
    MeilisearchServer,
    MongodbServer,
    NetworkServer,
    SearchServer,
)
from ocim.store.models.shared_settings import SharedSettings
from ocim.store.models.verification import Verification
from ocim.store.models.worker import Turn, Worker

__all__ = [
    "CREATED",
    "SHARED_SERVERS",
    "ApiToken",
    "AppServerEvent",
    "AuditEntry",
    "Backup",
    "BrokerServer",
    "Chore",
    "ContentServer",
    "DatabaseServer",
    "Deployment",
    "Domain",
    "ExternalIdentity",
    "HostedServer",
    "InstanceReference",
    "InstanceTag",
    "Job",
    "KeptAnswer",
    "Lease",
    "Leased",
    "LoadBalancingServer",
    "LogEntry",
    "MeilisearchServer",
    "MongodbServer",
    "NetworkServer",
    "OpenEdXAppServer",
    "OpenEdXInstance",
    "Passkey",
    "PasswordRequest",
    "PoolMachine",
    "RecoveryCode",
    "RoleGrant",
    "Rollout",
    "RolloutEvent",
    "SavedFilter",
    "SearchServer",
    "SecondFactor",
    "Server",
    "ServiceStep",
    "Session",
    "SharedSettings",
    "SqlRun",
    "Turn",
    "Upgrade",
    "UpgradeStep",
    "Verification",
    "Worker",
]
