"""The preview of shared settings: `.venv/bin/python -m benchmarks.shared_settings [--write]`.

The web server is the real one, in a process of its own. Every instance has settings of its own with
the variable that changes, so that each text has to be read.
"""

import statistics
import sys
import time

import httpx

from benchmarks import page, served

INSTANCES = 10_000
LINES = 100
"""Lines of each instance's own settings."""
ROUNDS = 7
CSRF = "a" * 32
FORM = {
    "shared_settings": "EDXAPP_PLATFORM_NAME: Ours\n",
    "step": "preview",
    "version": "0",
    "csrfmiddlewaretoken": CSRF,
}


def main() -> str:
    """Measure on each database, and return Markdown."""
    return served.on_each_database(
        measure,
        f"{INSTANCES:,} instances, each with {LINES} lines of its own settings",
        ("database", "request", "median", "slowest", "size"),
    )


def measure(database: str, url: str) -> list[str]:
    """Create the fleet, serve it, and return the row of one database."""
    from benchmarks.redeploy.installation import fleet, set_up

    set_up(url)
    from django.db import transaction

    from ocim.store.models import OpenEdXInstance
    from tests.world import World

    fleet(INSTANCES, World(), variables="[]")
    names = [f"EDXAPP_OF_OUR_OWN_{number}" for number in range(LINES - 2)]
    text = "".join(f"{name}: a value\n" for name in [*names, "EDXAPP_PLATFORM_NAME"])
    with transaction.atomic():
        for pk in OpenEdXInstance.objects.values_list("pk", flat=True):  # a parsed text is kept
            own = f"EDXAPP_LMS_BASE: campus-{pk}.example.com\n{text}"
            OpenEdXInstance.objects.filter(pk=pk).update(configuration_extra_settings=own)
    served.analyze()
    _, cookie = served.sign_in()
    seconds, size = [], 0
    cookies = {"sessionid": cookie, "csrftoken": CSRF}
    with served.served() as (address, _), httpx.Client(cookies=cookies, timeout=120) as client:
        for _ in range(ROUNDS + 1):
            began = time.monotonic()
            answer = client.post(f"{address}/settings/edit/", data=FORM)
            answer.raise_for_status()
            seconds.append(time.monotonic() - began)
            size = len(answer.content)
    first, *others = seconds
    return [
        f"| {database} | the first preview | {first * 1000:.0f} ms | | {size / 1000:.0f} kB |",
        f"| {database} | a preview | {statistics.median(others) * 1000:.0f} ms"
        f" | {max(others) * 1000:.0f} ms | {size / 1000:.0f} kB |",
    ]


if __name__ == "__main__":
    text = main()
    sys.stdout.write(text)
    if "--write" in sys.argv:
        page.write("shared_settings", text)
