"""The places of the contracts, and the table of results.

`--installed` adds the rehearsal's services as installed ones, and `--services FILE` those that the
file names; `--table` prints the table; `--write` writes it into docs/reference/conformance.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import pytest

from ocim.catalog.releases import Release
from ocim.core.errors import ValidationError
from ocim.core.instance import Service
from tests.acceptance.installation import REPOSITORY, Installation
from tests.campus import JUNIPER, Campus
from tests.conformance import table
from tests.conformance.contracts import CONTRACTS
from tests.conformance.installed import BIND, Installed, read
from tests.conformance.place import CARD, Place, open_place

OWN_RELEASE = "open-release/ironwood.2"
OWN_PYTHON = REPOSITORY / ".venv-rehearsal/bin/python"
OWN_START = f"python -m gunicorn.app.wsgiapp --preload --threads 8 --bind {BIND}"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance")
    group.addoption(
        "--installed", action="store_true", help="Take the rehearsal's services as installed, too."
    )
    group.addoption("--services", type=Path, help="File that names installed services.")
    group.addoption("--table", action="store_true", help="Print the table of contracts.")
    group.addoption("--write", action="store_true", help="Write it into the page, too.")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let each contract be tried in all places."""
    if "place" not in metafunc.fixturenames:
        return
    places: dict[str, Sequence[Installed]] = {"rehearsal": ()}
    # Options are unknown where pytest has read this file too late for them.
    if metafunc.config.getoption("installed", False):
        places["installed"] = own_services()
    if path := metafunc.config.getoption("services", None):
        try:
            services = sorted(read(path), key=lambda service: service.release)
        except ValidationError as error:
            raise pytest.UsageError(error.problem) from error
        for release, of_release in groupby(services, key=lambda service: service.release):
            places[release] = tuple(of_release)
    metafunc.parametrize("place", places.values(), ids=places, indirect=True, scope="session")


def own_services() -> tuple[Installed, ...]:
    """Return the rehearsal's own services as installed ones, of another release."""
    return tuple(
        Installed(
            service=service,
            release=OWN_RELEASE,
            python=OWN_PYTHON,
            directory=REPOSITORY / "rehearsal",
            settings=f"{service.value}.settings.production",
            migrate="python manage.py migrate --noinput",
            start=f"{OWN_START} rehearsal.{service.value}.wsgi:application",
            variables=CARD,
        )
        for service in (Service.ECOMMERCE, Service.DISCOVERY)
    )


@pytest.fixture(scope="session")
def rehearsal_place(shop_campus: Campus) -> Place:
    return Place(shop_campus)


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest, shop_installation: Installation) -> Place:
    services: Sequence[Installed] = request.param
    if not services:
        own: Place = request.getfixturevalue("rehearsal_place")
        return own
    if any(service.python == OWN_PYTHON for service in services) and not OWN_PYTHON.exists():
        pytest.skip("The rehearsal services are not installed: run `make env-rehearsal`.")
    return open_place(shop_installation, services)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note for each contract what it proves, so that the table has it whatever becomes of it."""
    for item in items:
        params = getattr(item, "callspec", None) and item.callspec.params  # type: ignore[attr-defined]
        if params and {"place", "contract"} <= set(params):
            services, contract = params["place"], params["contract"]
            release = services[0].release if services else JUNIPER["openedx_release"]
            named = any(service.service is contract.service for service in services)
            kind = "installed" if named else "rehearsal"
            if any(service.python == OWN_PYTHON for service in services):
                kind = "rehearsal, as installed" if named else kind
            proof = (release.rpartition("/")[2], contract.service.value, kind, contract.name)
            item.user_properties.append((table.PROPERTY, proof))


ROWS = pytest.StashKey[list[table.Row]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = []
    config.pluginmanager.register(Results(config.stash[ROWS]), "conformance results")


@dataclass(eq=False)  # plugins are kept in sets
class Results:
    """Results of the contracts, collected for the table."""

    rows: list[table.Row]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the result of a contract."""
        is_result = report.when == "call" or (report.when == "setup" and not report.passed)
        for name, proof in report.user_properties:
            if name == table.PROPERTY and is_result and isinstance(proof, list | tuple):
                self.rows.append(table.row(proof, report.outcome, datetime.now(UTC).date()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    config = terminalreporter.config
    results = config.stash[ROWS]
    rows = sorted(results, key=_order)
    if config.getoption("table", False):
        terminalreporter.section("what was proven")
        terminalreporter.write_line("\n".join(table.plain(rows)))
        if not config.getoption("services", None):
            terminalreporter.write_line(
                "Skipped: installed services, since no file names any (SERVICES=conformance.yml)."
            )
    if config.getoption("write", False):
        table.write(rows)


def _order(row: table.Row) -> tuple[Release, int]:
    release, service, _kind, contract, *_ = row
    names = [(contract.service.value, contract.name) for contract in CONTRACTS]
    return Release.of(release), names.index((service, contract))
