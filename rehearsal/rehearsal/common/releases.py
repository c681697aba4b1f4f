"""What a release of Open edX changes, as far as its rehearsal shows it."""

import re
from dataclasses import dataclass

NAMES = (
    "ginkgo", "hawthorn", "ironwood", "juniper", "koa", "lilac", "maple", "nutmeg",
    "olive", "palm", "quince", "redwood", "sumac", "teak", "ulmo", "verawood",
)  # fmt: skip


@dataclass(frozen=True)
class Release:
    """One release: `version` as it was configured (a tag or branch), `name` from the table."""

    version: str
    name: str

    def before(self, name: str) -> bool:
        """Whether this release is older than the one called `name`."""
        return NAMES.index(self.name) < NAMES.index(name)

    @property
    def openid_connect(self) -> bool:
        """Services sign on by OpenID Connect, with one client each; from juniper by OAuth 2."""
        return self.before("juniper")

    @property
    def payment_microfrontend(self) -> bool:
        """The shop can be told that its basket is a page of another service."""
        return not self.before("lilac")

    @property
    def checkout_page_field(self) -> str:
        """The name of CommerceConfiguration's field for the shop's page; renamed in 2018."""
        return "single_course_checkout_page" if self.before("hawthorn") else "basket_checkout_page"

    @property
    def checkout_page(self) -> str:
        """The shop's page to which a purchase leads unless CommerceConfiguration says otherwise."""
        return "/basket/single-item/" if self.before("hawthorn") else "/basket/add/"

    @property
    def unmigrated_apps(self) -> tuple[str, ...]:
        """Apps whose tables are made without a migration.

        The thumbnail library got its first migration between ironwood and juniper, so on an
        older database juniper's `thumbnail 0001_initial` meets a table that exists already.
        """
        return ("thumbnail",) if self.before("juniper") else ()


def parse(version: str) -> Release:
    """The release that a tag or branch stands for; the newest where the name is not known."""
    words = re.findall("[a-z]+", version.lower())
    name = next((word for word in words if word in NAMES), NAMES[-1])
    return Release(version=version, name=name)
