"""Generator of the page in docs/reference about variables."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ocim.catalog.variables.effective import layers
from ocim.catalog.variables.jwt import JwtKeys
from ocim.catalog.variables.known import KNOWN
from ocim.catalog.variables.since import SINCE, UNTIL
from ocim.catalog.variables.versions import LEFT
from ocim.core.content import ContentAccount
from ocim.core.instance import Account, Broker, Database, Domains, Instance, Search, Service
from ocim.core.mail import MailRelay
from ocim.core.provisioning import BUILTIN, TUTOR
from ocim.core.secrets import Secret

OPERATORS = "left to the operator"
LAYERS: Mapping[str, str] = {
    "defaults": "Names, versions, addresses, and safe values instead of upstream's unsafe ones.",
    "databases": "Databases of the services, which depend on the kind of database server.",
    "brokers": "Server for Celery's messages. Without one, the built-in playbooks use a directory;"
    " other playbooks get none of these, and install a server on each app server.",
    "search": "Server for discovery's indexes. Empty if no search server is assigned.",
    "content": "Servers of courses and their search, which Tutor alone uses, by Tutor's names with"
    " TUTOR_ before them.",
    "storage": "Places of files that outlive app servers.",
    "secrets": "Keys and passwords, derived from the instance's seed, so that they never change.",
    "services": "Switches of services, and their addresses at the LMS.",
}
_NOTHING = Secret("-")
_ACCOUNT = Account("-", _NOTHING)
_CONTENT = ContentAccount("-", "-", 1, True, "-", "-", _NOTHING)


def variables_page() -> str:
    """Return the page of all variables: by layer, then those that only operators set."""
    lines = [
        "# Variables",
        "",
        "<!-- Written by `make reference` from ocim/catalog. -->",
        "",
        "Ocim configures app servers by upstream's variables, in layers: a later layer overrides",
        "earlier ones. `ocim config show INSTANCE` shows them with their values. The last layers",
        "are `pairs` (variables that must equal one that an operator set) and the operator's own",
        "`configuration_extra_settings`. Ocim sets variables of ecommerce and discovery only if",
        "the service is on, but the OAuth clients always, since upstream creates them anyway,",
        "with public secrets.",
        "",
    ]
    by_layer = _by_layer()
    for layer, meaning in LAYERS.items():
        lines += [f"## {layer}", "", meaning, "", *_table(by_layer[layer]), ""]
    unset = [name for name, known in KNOWN.items() if OPERATORS in known.meaning]
    lines += [
        f"## {OPERATORS.capitalize()}",
        "",
        "Ocim checks their types, and never generates them.",
    ]
    lines += ["", *_table(unset), "", *_left(), ""]
    return "\n".join(lines)


def _table(names: list[str]) -> Iterator[str]:
    yield from ("| Variable | Meaning |", "| --- | --- |")
    for name in names:
        meaning = KNOWN[name].meaning.removeprefix(f"{OPERATORS}; ")
        yield f"| `{name}` | {meaning}{_releases(name)} |"


def _left() -> Iterator[str]:
    yield from ("## Versions left to upstream", "")
    yield from ("Upstream's default is the branch `master`, and Ocim does not set them.", "")
    yield from ("| Variable | Reason |", "| --- | --- |")
    for name, reason in LEFT.items():
        yield f"| `{name}` | {reason} |"


def _releases(name: str) -> str:
    since = [f"from {release} on" for release, names in SINCE.items() if name in names]
    until = [f"up to {release}" for release, names in UNTIL.items() if name in names]
    releases = ", ".join([*since, *until])
    return f" ({releases})" if releases else ""


def _by_layer() -> dict[str, list[str]]:
    """Return the variables by their first layer, from instances with all services."""
    names: dict[str, dict[str, None]] = {}
    listed: set[str] = set()
    releases = ("ginkgo", "ironwood", "juniper", "koa", "maple", "sumac")
    examples = [_example(f"open-release/{release}.1") for release in releases]
    others = [replace(examples[-1], configuration_source_repo_url=of) for of in (BUILTIN, TUTOR)]
    for example in [*examples, *others]:
        for layer in layers(example, seed=b"-", jwt_keys=JwtKeys(_NOTHING, "-")):
            new = [name for name in layer.values if name not in listed]
            listed.update(new)
            names.setdefault(layer.name, {}).update(dict.fromkeys(new))
    return {layer: list(of_layer) for layer, of_layer in names.items()}


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
        databases={
            purpose: Database("postgresql", purpose, port=5432, migrator=_ACCOUNT, reader=_ACCOUNT)
            for purpose in purposes
        },
        storage_directory="-",
        services=frozenset(Service),
        broker=Broker("rabbitmq", "-", 1, "-", _NOTHING, "/-"),
        search=Search("-", "-"),
        mongodb=_CONTENT,
        meilisearch=_CONTENT,
        mail=MailRelay("-", 25),
        partner_code="-",
        currency="GBP",
        payment_processors={"-": {}},
    )
