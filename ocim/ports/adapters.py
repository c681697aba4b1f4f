"""The adapters of all ports together, as operations get them."""

from collections.abc import Mapping
from dataclasses import dataclass

from ocim.ports.balancers import Balancer
from ocim.ports.brokers import Brokers
from ocim.ports.browsers import Browsers
from ocim.ports.configurations import ConfigurationRepositories
from ocim.ports.content import ContentServers
from ocim.ports.databases import Databases, DatabaseServers
from ocim.ports.identity import IdentityProvider
from ocim.ports.mail import MailRelays
from ocim.ports.notifiers import Notifier
from ocim.ports.probers import Prober
from ocim.ports.providers import Provider
from ocim.ports.provisioners import Provisioner
from ocim.ports.search import SearchServers


@dataclass(frozen=True, slots=True)
class Adapters:
    """The adapters that operations may use; by kind where there are several."""

    providers: Mapping[str, Provider]
    provisioners: Mapping[str, Provisioner]
    configurations: ConfigurationRepositories
    balancer: Balancer
    databases: Mapping[str, Databases]
    database_servers: Mapping[str, DatabaseServers]
    """Kinds of databases that are on servers; `databases` has these, too."""
    search: Mapping[str, SearchServers]
    brokers: Mapping[str, Brokers]
    content: Mapping[str, ContentServers]
    prober: Prober
    browsers: Browsers
    mail: MailRelays
    notifier: Notifier
    identity_provider: IdentityProvider | None = None
    """The provider of single sign-on; None if the settings name none."""
