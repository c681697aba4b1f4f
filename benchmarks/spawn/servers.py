"""The time from `spawn` to *active* on shared servers, side by side with the embedded default."""

import statistics
from pathlib import Path

from benchmarks.spawn import phases, services
from tests.acceptance.installation import installed
from tests.broker_servers import rabbitmq_server

EMBEDDED, SHARED = "SQLite and a directory of messages", "MariaDB and RabbitMQ"
SETTINGS = services.SETS["all services"]


def table(directory: Path, runs: int) -> str:
    """Return a table of medians with all services, on `local` hosts from an image.

    Both kinds of instances take turns, so that disturbances affect both alike.
    """
    seconds: dict[str, list[list[float]]] = {EMBEDDED: [], SHARED: []}
    with installed(directory) as installation, rabbitmq_server() as broker:
        services.make_search_server(installation, "local")
        # Instances that are older than the broker server stay without one.
        embedded = [f"embedded{number}.localhost" for number in range(runs)]
        for domain in embedded:
            installation.instance(domain, provider="local", **SETTINGS)
        phases.build_image(installation, embedded[0])
        installation.ocim("database-server", "create", "main")
        installation.environment["OCIM_BROKER_PASSWORD"] = broker.password.reveal()
        installation.ocim("broker", "register", "main", broker.api_url, "--port", str(broker.port))
        for number in range(runs):
            shared = f"shared{number}.localhost"
            installation.ocim(
                *("instance", "create", shared, "provider=local"),
                *(f"{name}={value}" for name, value in SETTINGS.items()),
                *("--database-server", "main"),
            )
            for name, domain in ((EMBEDDED, embedded[number]), (SHARED, shared)):
                both = [phases.spawn(installation, domain)["total"] for _ in range(2)]
                seconds[name].append(both)
                installation.ocim("instance", "archive", domain, "--yes")
    medians = {
        name: [*map(statistics.median, zip(*seconds[name], strict=True))] for name in seconds
    }
    rows = [
        f"| {name} | "
        + " | ".join(
            f"{median:.1f} | {median / baseline:.1f}"
            for median, baseline in zip(medians[name], medians[EMBEDDED], strict=True)
        )
        + " |"
        for name in medians
    ]
    head = [
        "| all services, `local`, from an image | first app server, s | times the baseline"
        " | second, s | times the baseline |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows])
