"""Checks of course discovery: the LMS's courses are in its database, and can be searched."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ocim.catalog import discovery_job
from ocim.core.errors import OcimError, PermanentError
from ocim.core.instance import Service
from ocim.core.pages import Page
from ocim.core.provisioning import TUTOR
from ocim.core.texts import plural
from ocim.core.verification import Line, Outcome
from ocim.operations.shop.remote import Call
from ocim.operations.shop.verify import cron
from ocim.operations.shop.verify.clients import Caller
from ocim.operations.shop.verify.lines import Failed, failed, ok, require, skipped
from ocim.operations.shop.verify.people import PREFIX
from ocim.operations.shop.verify.scene import Scene

OK = 200
PAGE_SIZE = 100
TRIES = 5
"""Number of searches while the search server may not show the newest data yet."""
REFRESH = 300.0
"""Longest time of a refresh in seconds; one of thousands of courses may take longer."""
SHOWN = 5
"""Number of course keys that a line names."""


def catalogue(scene: Scene) -> Iterator[Line]:
    """Run the hourly job's commands now, and compare the counts before and after."""
    if not scene.has(Service.DISCOVERY):
        return
    code = scene.shop.partner_code
    with scene.browser() as browser:
        call = Caller(scene, browser, Service.DISCOVERY)
        page = _found(scene, call)
        known = Call(Service.DISCOVERY, "verify_discovery.runs", {"partner": code})
        # Sites that Tutor has made have a second partner, whose LMS does not answer.
        of = {"partner": code if scene.appserver.provisioner == TUTOR else "", "seconds": REFRESH}
        run = Call(Service.DISCOVERY, "verify_discovery.refresh", of)
        before, ran, after = map(_returned, scene.call_all(known, run, known))
        if code not in before["partners"]:
            yield _no_partner(scene, before["partners"])
            return
        first = _searchable(scene, page, before, "discovery: search, as found")
        waiting = first.outcome is Outcome.FAILED and _waits_at_limit(scene, page, before)
        yield _waiting(first) if waiting else first
        yield _run_now(scene, ran)
        yield _ingested(scene, call, after["keys"])
        # Courses that are not sold are documents, too, though their runs are not.
        grown = (
            waiting
            or after["indexed"] > before["indexed"]
            or len(after["keys"]) > len(before["keys"])
        )
        shrunk = after["indexed"] < before["indexed"] or set(before["keys"]) - set(after["keys"])
        if grown and not shrunk:
            # Among few courses, one more exceeds the limit for changes. It guards against losses,
            # and here nothing is lost.
            yield _indexed(scene, "discovery: index of new courses", "--disable-change-limit")
        yield _update(scene, after)
        yield _searchable(scene, _found(scene, call, after["indexed"]), after)


def _waits_at_limit(scene: Scene, page: Page, runs: Mapping[str, Any]) -> bool:
    """Return True if courses are missing because the hourly job stopped at its limit."""
    count = (page.data or {}).get("count") if page.status == OK else None
    return isinstance(count, int) and count < runs["indexed"] and cron.is_at_limit(scene)


def _waiting(line: Line) -> Line:
    """Return the line of courses that this verification will index."""
    compared = f"{line.compared}: the hourly job stopped at update_index's limit"
    return replace(line, outcome=Outcome.SKIPPED, compared=compared)


def _returned(answer: Any) -> dict[str, Any]:
    if isinstance(answer, OcimError):
        raise answer
    result: dict[str, Any] = answer
    return result


def _no_partner(scene: Scene, codes: Sequence[str]) -> Line:
    return failed(
        "discovery: partner",
        f"{', '.join(codes) or 'none'}; expected {scene.shop.partner_code}",
        "The partner's code was changed in discovery's admin: change it back, or"
        f" {scene.again('partner')}.",
    )


def _run_now(scene: Scene, result: dict[str, Any]) -> Line:
    name = "discovery: refresh_course_metadata, now"
    last = result["failed"] if result["ended"] else result["retried"]
    faults = [text for text in (*result["errors"][:3], last) if text]
    if not result["ended"]:
        late = f"it did not end in {REFRESH:g} s"
        if not faults:
            return skipped(name, f"{late}, without an error", "The hourly job's log has its end.")
        faults.insert(0, late)
    if not faults:
        return ok(name, "no errors")
    return failed(
        name,
        "; ".join(faults),
        "What discovery asks of the LMS or of the shop fails: see the lines above on clients,"
        f" health and speed, and the partner's URLs in discovery's admin. {scene.repair}",
    )


def _ingested(scene: Scene, call: Caller, keys: Sequence[str]) -> Line:
    name = "discovery: courses of the LMS"
    wanted, page = _courses_of_lms(scene, call, name)
    missing = sorted(wanted - set(keys))
    if not missing:
        return ok(name, f"{len(wanted)} at the LMS, {len(keys)} in discovery's database", page)
    named = ", ".join(missing[:SHOWN]) + (" …" if len(missing) > SHOWN else "")
    return failed(
        name,
        f"{len(wanted)} at the LMS, of which {len(missing)} are not in discovery's database:"
        f" {named}",
        "A refresh passes over courses that it cannot read, with exit status 0: the run's errors,"
        f" above, say why. Where it has none, its partner's URLs may be empty. {scene.repair}",
        page,
    )


def _courses_of_lms(scene: Scene, call: Caller, name: str) -> tuple[set[str], Page]:
    """Return the course keys that the LMS lists for discovery's account, and the last page.

    Leave out courses of verifications.
    """
    keys: set[str] = set()
    number = pages = 1
    while number <= pages:
        query = f"page={number}&page_size={PAGE_SIZE}&username={call.username}&active_only=1"
        url = scene.url(Service.LMS, f"/api/courses/v1/courses/?{query}")
        page = require(name, call("GET", url), remedy=scene.repair)
        keys |= {str(course["id"]) for course in page.data["results"]}
        pages = int(page.data["pagination"]["num_pages"])
        number += 1
    return {key for key in keys if not key.startswith(f"course-v1:{PREFIX}+")}, page


def _update(scene: Scene, runs: Mapping[str, Any]) -> Line:
    """Update the indexes without a flag, as the hourly job does."""
    name = "discovery: update_index without flags"
    if not runs["keys"] and not scene.traits.index_documents:
        return skipped(name, "no courses yet; up to koa it fails on an empty index")
    return _indexed(scene, name)


def _indexed(scene: Scene, name: str, *flags: str) -> Line:
    try:
        arguments = discovery_job.arguments([discovery_job.UPDATE, *flags])
        scene.call(Service.DISCOVERY, "commands.run", **arguments)
    except PermanentError as refused:
        return failed(name, refused.problem, _index_remedy(scene))
    return ok(name, "passes")


def _found(scene: Scene, call: Caller, wanted: int | None = None) -> Page:
    """Search for all course runs. Repeat the search while it does not find `wanted` ones."""
    url = scene.url(Service.DISCOVERY, "/api/v1/search/course_runs/?page_size=1")
    for left in reversed(range(TRIES)):
        page = call("GET", url)
        if wanted is None or not left or (page.data or {}).get("count") in (None, wanted):
            break
        scene.context.pause(1.0)
    return page


def _searchable(
    scene: Scene, page: Page, runs: Mapping[str, Any], name: str = "discovery: search"
) -> Line:
    """Compare the search with what the service would index, which leaves runs without seats out."""
    try:
        count = require(name, page, remedy=_index_remedy(scene)).data.get("count")
    except Failed as failure:
        return failure.line
    wanted = runs["indexed"]
    compared = (
        f"{plural(wanted, 'course run')} to find, of {len(runs['keys'])} in the database;"
        f" search finds {count}"
    )
    if count == wanted:
        return ok(name, compared, page)
    return failed(name, compared, _index_remedy(scene), page)


def _index_remedy(scene: Scene) -> str:
    server = scene.appserver.instance.search_server
    look = f"`ocim search-server show {server.name}` says how it is. " if server else ""
    return (
        f"{look}If the search server is well, fill the index by"
        f" {scene.again('indexes')}: the hourly job stops where the number of documents changes by"
        " a tenth or more."
    )
