"""Differences between releases of Open edX that the rehearsal shows."""

import re
from dataclasses import dataclass

NAMES = (
    *("ginkgo", "hawthorn", "ironwood", "juniper", "koa", "lilac", "maple", "nutmeg"),
    *("olive", "palm", "quince", "redwood", "sumac", "teak", "ulmo", "verawood"),
)
"""Names of releases, oldest first."""


@dataclass(frozen=True)
class Release:
    """A release: `version` as configured (a tag or branch), `name` as in NAMES."""

    version: str
    name: str

    def before(self, name: str) -> bool:
        """Return True if this release is older than the one called `name`."""
        return NAMES.index(self.name) < NAMES.index(name)

    @property
    def openid_connect(self) -> bool:
        """True if services sign on by OpenID Connect; from juniper on by OAuth 2."""
        return self.before("juniper")

    @property
    def settings_module(self) -> str:
        """Name of the settings of LMS and studio on servers."""
        return "aws" if self.before("ironwood") else "production"

    @property
    def partner_with_site(self) -> bool:
        """True if discovery's command for partners knows sites."""
        return not self.before("hawthorn")

    @property
    def payment_microfrontend(self) -> bool:
        """True if the shop's basket may be a page of another service."""
        return not self.before("lilac")

    @property
    def payment_intents(self) -> bool:
        """True if the shop's Stripe takes payment intents, and is configured for webhooks."""
        return not self.before("palm")

    @property
    def needs_new_price(self) -> bool:
        """True if discovery fails without `price`: in teak, and in redwood from redwood.3 on."""
        return self.name == "teak" or bool(re.search(r"redwood\.([3-9]|master)", self.version))

    @property
    def worker_signs_in(self) -> bool:
        """True if the shop's worker gets its token from the LMS; older ones sign their own."""
        return not self.before("olive")

    @property
    def picture_seed(self) -> str:
        """Name of the setting from which the names of learners' pictures are derived."""
        return f"PROFILE_IMAGE_{'SECRET_KEY' if self.before('lilac') else 'HASH_SEED'}"

    @property
    def checkout_page_field(self) -> str:
        """Name of CommerceConfiguration's field for the shop's page, renamed in 2018."""
        return "single_course_checkout_page" if self.before("hawthorn") else "basket_checkout_page"

    @property
    def checkout_page(self) -> str:
        """The shop's page to which a purchase leads, unless CommerceConfiguration names another."""
        return "/basket/single-item/" if self.before("hawthorn") else "/basket/add/"

    @property
    def unmigrated_apps(self) -> tuple[str, ...]:
        """Apps whose tables are created without migrations.

        The thumbnail library got its first migration between ironwood and juniper, so on an
        older database juniper's `thumbnail 0001_initial` meets a table that exists already.
        """
        return ("thumbnail",) if self.before("juniper") else ()


def parse(version: str) -> Release:
    """Return the release of a tag or branch; the newest one if the name is unknown."""
    words = re.findall("[a-z]+", version.lower())
    name = next((word for word in words if word in NAMES), NAMES[-1])
    return Release(version=version, name=name)
