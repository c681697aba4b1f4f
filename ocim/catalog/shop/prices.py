"""Names of a price in ecommerce's answers, of which each release of discovery reads some."""

from collections.abc import Mapping
from typing import Any

from ocim.catalog.releases import NAMES, Release

RENAMED = NAMES.index("redwood")
"""Position of the release in which ecommerce renamed `price_excl_tax` to `price`."""
EITHER = NAMES.index("ulmo")
"""Position of the release since which discovery reads both."""


def unreadable_prices(variables: Mapping[str, Any]) -> str:
    """Return a warning if discovery's refresh fails on the shop's prices; empty if it does not.

    Say nothing about versions that do not name a release, such as the hash of a commit.
    """
    shop, catalogue = (
        Release.of(str(variables.get(name, "")))
        for name in ("ECOMMERCE_VERSION", "DISCOVERY_VERSION")
    )
    if not (_is_clear(shop) and _is_clear(catalogue)):
        return ""
    needs_new = _needs_new_name(catalogue)
    if shop.position >= RENAMED and not needs_new and catalogue.position < EITHER:
        sent, read = "price", "price_excl_tax"
        remedy = (
            "DISCOVERY_VERSION to open-release/redwood.3, or ECOMMERCE_VERSION to"
            " open-release/quince.3"
        )
    elif shop.position < RENAMED and needs_new:
        sent, read = "price_excl_tax", "price"
        remedy = (
            "DISCOVERY_VERSION to open-release/quince.3, or ECOMMERCE_VERSION to"
            " open-release/redwood.3"
        )
    else:
        return ""
    return (
        f"Ecommerce {shop.text} sends `{sent}`, and Course Discovery {catalogue.text} reads"
        f" `{read}`: every refresh_course_metadata fails once a course is sold. Set {remedy}."
    )


def _needs_new_name(catalogue: Release) -> bool:
    """Return True for teak and redwood.3; sumac, between them, has not got redwood's correction."""
    is_corrected = Release.of("redwood.3") <= catalogue < Release.of("sumac.0")
    return is_corrected or catalogue.name == "teak"


def _is_clear(release: Release) -> bool:
    return release.known or release.text.strip() == "master"
