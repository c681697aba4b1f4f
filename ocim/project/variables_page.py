"""The page of docs/reference about the variables that Ocim generates."""

from collections.abc import Iterator, Mapping

from ocim.catalog.variables.effective import layers
from ocim.catalog.variables.jwt import JwtKeys
from ocim.catalog.variables.known import KNOWN
from ocim.catalog.variables.since import SINCE, UNTIL
from ocim.core.instance import Broker, Database, Domains, Instance, Search, Service
from ocim.core.secrets import Secret

OPERATORS = "left to the operator"
LAYERS: Mapping[str, str] = {
    "defaults": "Names, versions, addresses, and what must be safe.",
    "databases": "Where each service's database is. Which there are depends on the server's kind.",
    "brokers": "Where Celery's messages go. Empty where no broker server is assigned.",
    "search": "Where discovery's indexes are. Empty where no search server is assigned.",
    "storage": "What outlives the app servers.",
    "secrets": "Derived from the instance's own seed, so they stay what they are.",
    "services": "Which services there are, and where the LMS finds them.",
}
_NOTHING = Secret("-")


def variables_page() -> str:
    """Every variable by the layer that sets it, and those that are the operator's alone."""
    lines = [
        "# Variables",
        "",
        "<!-- Written by `make reference` from ocim/catalog. -->",
        "",
        "What an app server is configured with: upstream's variables, in layers that lie over one",
        "another. `ocim config show INSTANCE` shows them with their values. Last come `pairs`,",
        "where what two services share follows an operator's setting of one of them, and",
        "`configuration_extra_settings`, which win over all else. Variables of ecommerce and of",
        "discovery are set where the service is on; the OAuth clients are always, since upstream",
        "makes them anyway, with secrets that are public.",
        "",
    ]
    by_layer = _by_layer()
    for layer, meaning in LAYERS.items():
        lines += [f"## {layer}", "", meaning, "", *_table(by_layer[layer]), ""]
    mine = [name for name, known in KNOWN.items() if OPERATORS in known.meaning]
    lines += [f"## {OPERATORS.capitalize()}", "", "Checked for their type, and never generated."]
    return "\n".join([*lines, "", *_table(mine), ""])


def _table(names: list[str]) -> Iterator[str]:
    yield from ("| Variable | Meaning |", "| --- | --- |")
    for name in names:
        meaning = KNOWN[name].meaning.removeprefix(f"{OPERATORS}; ")
        yield f"| `{name}` | {meaning}{_releases(name)} |"


def _releases(name: str) -> str:
    since = [f"from {release} on" for release, names in SINCE.items() if name in names]
    until = [f"up to {release}" for release, names in UNTIL.items() if name in names]
    said = ", ".join([*since, *until])
    return f" ({said})" if said else ""


def _by_layer() -> dict[str, list[str]]:
    """From an instance of each kind of release, with everything that an instance can have."""
    found: dict[str, dict[str, None]] = {}
    for release in ("open-release/ironwood.2", "open-release/juniper.2"):
        for layer in layers(_example(release), seed=b"-", jwt_keys=JwtKeys(_NOTHING, "-")):
            found.setdefault(layer.name, {}).update(dict.fromkeys(layer.values))
    return {layer: list(names) for layer, names in found.items()}


def _example(release: str) -> Instance:
    purposes = ("edxapp", "edxapp_csmh", "xqueue", "ecommerce", "discovery")
    return Instance(
        id=1,
        name="-",
        email="-",
        domains=Domains("-", "-", "-", "-", "-"),
        openedx_release=release,
        edx_platform_repository_url="-",
        edx_platform_commit=release,
        configuration_source_repo_url="-",
        configuration_version="-",
        configuration_playbook_name="-",
        time_zone="-",
        databases={purpose: Database("mysql", purpose) for purpose in purposes},
        storage_directory="-",
        services=frozenset(Service),
        broker=Broker("rabbitmq", "-", 1, "-", _NOTHING, "/-"),
        search=Search("-", "-"),
        partner_code="-",
        currency="GBP",
        payment_processors={"-": {}},
    )
