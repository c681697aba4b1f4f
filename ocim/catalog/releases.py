"""Open edX releases in their order, and the differences between them, as data."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from ocim.core.instance import Instance
from ocim.core.provisioning import ANSIBLE, TUTOR

NAMES = (
    "ginkgo",
    "hawthorn",
    "ironwood",
    "juniper",
    "koa",
    "lilac",
    "maple",
    "nutmeg",
    "olive",
    "palm",
    "quince",
    "redwood",
    "sumac",
    "teak",
    "ulmo",
    "verawood",
)
"""Names of the releases, oldest first."""

_TIP = 1_000_000
_NAME = re.compile(
    rf"(?:^|/)(?P<name>{'|'.join(NAMES)})(?:\.(?P<patch>\d+|\w+))?(?![a-z])", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """Release, comparable by age. Made by `Release.of`."""

    position: int
    patch: int
    text: str = field(compare=False)
    """Text that it was read from."""

    @classmethod
    def of(cls, text: str) -> "Release":
        """Read a branch, tag or release name, as in `openedx_release` or `edx_platform_commit`.

        The last part of a path counts: `opencraft-release/juniper.2` is juniper.2. The tip of a
        branch (`juniper.master`, `juniper`) is newer than its numbered releases, a candidate
        (`juniper.rc1`) older. Any other text (`master`, the hash of a commit) counts as newer than
        all releases in `NAMES`; `known` is False then, and operators should be warned.
        """
        match = _NAME.search(text.strip())
        if not match:
            return cls(len(NAMES), _TIP, text)
        patch = match["patch"] or "master"
        number = int(patch) if patch.isdecimal() else _TIP if patch == "master" else 0
        return cls(NAMES.index(match["name"].lower()), number, text)

    @property
    def known(self) -> bool:
        """True if the text names a release; if False, it is treated as the newest."""
        return self.position < len(NAMES)

    def is_since(self, name: str) -> bool:
        """Return True if it is the release of that name, or a newer one."""
        return self.position >= NAMES.index(name)

    @property
    def name(self) -> str:
        """Name without number, such as `juniper`; empty if the text does not name a release."""
        return NAMES[self.position] if self.known else ""


def of_instance(instance: Instance) -> Release:
    """Return the release of the instance's commit or, if that is a hash, its `openedx_release`."""
    return release_of(instance.edx_platform_commit, instance.openedx_release)


def release_of(commit: str, openedx_release: str) -> Release:
    """Return the release of the commit or, if that is a hash, of `openedx_release`."""
    release = Release.of(commit)
    return release if release.known else Release.of(openedx_release)


@dataclass(frozen=True, slots=True)
class Ended:
    """End of the tags of a repository that is part of Open edX no more."""

    last: str
    """Last release that it has a tag of."""
    branch: str
    """Branch for later releases: its last one, or one that is left as it is."""


ECOMMERCE_ENDED = Ended("redwood", "open-release/sumac.master")
"""Operators of later releases, who are warned, get that branch, too."""


def git_reference(instance: Instance, ended: Ended | None = None) -> str:
    """Return the tag or branch of the instance's release in the repositories of the services.

    `ended` tells of a repository that does not have those of all releases.
    """
    text = instance.openedx_release
    release = Release.of(text)
    if not release.known:
        return "master"
    if ended and release > Release.of(ended.last):
        return ended.branch
    if "/" in text:
        return text
    return f"{'release' if release.is_since('teak') else 'open-release'}/{text}"


@dataclass(frozen=True, slots=True)
class Traits:
    """Traits of a release that require different actions of Ocim."""

    playbook: str
    """Playbook of the configuration repository that installs a whole server."""
    sign_on_backend: str
    """Backend of Python Social Auth by which ecommerce and discovery sign people on."""
    clients_per_service: tuple[str, ...]
    """Uses for which each service has an OAuth client."""
    edxapp_settings: str
    """Settings module of LMS and studio on servers, for `manage.py --settings`."""
    client_command: str
    """Command of `manage.py lms` that creates such a client."""
    site_flags: tuple[str, ...]
    """Flags of `create_or_update_site` (ecommerce), which empties the fields of omitted flags."""
    site_client_flags: tuple[str, ...]
    """Flags among them for OAuth clients; all are required."""
    partner_flags: tuple[str, ...]
    """Flags of `create_or_update_partner` (discovery), which empties fields of omitted flags."""
    index_documents: tuple[str, ...]
    """Kinds of discovery's documents, each with an index of its own; empty: one index has all."""
    indexes_runs_without_seats: bool
    """True if discovery's search finds course runs that ecommerce does not sell, too."""
    checkout_page_field: str
    """Field of the LMS's CommerceConfiguration that holds the path of the basket."""
    payment_intents: bool
    """True if the shop pays by Stripe's payment intents; if not, by its tokens."""
    has_ecommerce: bool
    """True if ecommerce is part of the release; if not, Ocim warns."""
    tutor: int | None
    """Major version of the Tutor that runs the release; None if Ocim knows none."""

    @property
    def callback_path(self) -> str:
        """Path of a service to which the LMS sends people back after they signed on."""
        return f"/complete/{self.sign_on_backend}/"


_SITE = (
    "--site-id",
    "--site-domain",
    "--site-name",
    "--partner-code",
    "--partner-name",
    "--lms-url-root",
    "--payment-processors",
    "--client-side-payment-processor",
    "--segment-key",
    "--from-email",
    "--enable-enrollment-codes",
    "--payment-support-email",
    "--payment-support-url",
    "--send-refund-notifications",
    "--disable-otto-receipt-page",
    "--base-cookie-domain",
)
_SITE_SINCE_HAWTHORN = (*_SITE, "--discovery_api_url")
_SITE_SINCE_JUNIPER = (*_SITE_SINCE_HAWTHORN, "--lms-public-url-root")
_PARTNER_SITE = ("--site-id", "--site-domain")
_PARTNER = (
    "--code",
    "--name",
    "--courses-api-url",
    "--ecommerce-api-url",
    "--organizations-api-url",
    "--programs-api-url",
    "--marketing-site-api-url",
    "--marketing-site-url-root",
    "--marketing-site-api-username",
    "--marketing-site-api-password",
)
_PARTNER_OIDC = ("--oidc-url-root", "--oidc-key", "--oidc-secret")
_CLIENTS_OF_OIDC = ("--client-id", "--client-secret")
_CLIENTS_OF_OAUTH2 = (
    "--sso-client-id",
    "--sso-client-secret",
    "--backend-service-client-id",
    "--backend-service-client-secret",
)

_DOCUMENTS = ("course", "course_run", "person", "program")

_OLDEST = Traits(
    playbook="edx_sandbox.yml",
    sign_on_backend="edx-oidc",
    clients_per_service=("sign-on",),
    edxapp_settings="aws",
    client_command="create_oauth2_client",
    site_flags=(*_SITE, *_CLIENTS_OF_OIDC),
    site_client_flags=_CLIENTS_OF_OIDC,
    partner_flags=(*_PARTNER, *_PARTNER_OIDC),
    index_documents=(),
    indexes_runs_without_seats=True,
    checkout_page_field="single_course_checkout_page",
    payment_intents=False,
    has_ecommerce=True,
    tutor=None,
)

# Changes by the release that brought them; traits that are not listed stay as before.
_CHANGES: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "hawthorn",
        {
            "checkout_page_field": "basket_checkout_page",
            "site_flags": (*_SITE_SINCE_HAWTHORN, *_CLIENTS_OF_OIDC),
            "partner_flags": (*_PARTNER_SITE, *_PARTNER, *_PARTNER_OIDC),
        },
    ),
    (
        "ironwood",
        {
            "playbook": "openedx_native.yml",
            "edxapp_settings": "production",
            "site_flags": (*_SITE_SINCE_HAWTHORN, "--journals_api_url", *_CLIENTS_OF_OIDC),
        },
    ),
    (
        "juniper",
        {
            "sign_on_backend": "edx-oauth2",
            "clients_per_service": ("sign-on", "backend"),
            "client_command": "create_dot_application",
            "site_flags": (*_SITE_SINCE_JUNIPER, *_CLIENTS_OF_OAUTH2),
            "site_client_flags": _CLIENTS_OF_OAUTH2,
            "partner_flags": (*_PARTNER_SITE, *_PARTNER, "--lms-url"),
            "indexes_runs_without_seats": False,
        },
    ),
    (
        "lilac",
        {
            "site_flags": (
                *_SITE_SINCE_JUNIPER,
                *_CLIENTS_OF_OAUTH2,
                "--enable-microfrontend-for-basket-page",
                "--payment-microfrontend-url",
            ),
            "partner_flags": (
                *_PARTNER_SITE,
                *_PARTNER,
                "--lms-url",
                "--lms-coursemode-api-url",
                "--studio-url",
                "--publisher-url",
            ),
            "index_documents": _DOCUMENTS,
        },
    ),
    ("nutmeg", {"index_documents": (*_DOCUMENTS, "learner_pathway")}),
    ("palm", {"payment_intents": True}),
    ("sumac", {"tutor": 19}),
    ("teak", {"has_ecommerce": False, "tutor": 20}),
    ("ulmo", {"tutor": 21}),
    ("verawood", {"tutor": 22}),
)


def traits(release: Release) -> Traits:
    """Return the traits of the release; an unknown one has those of the newest."""
    result = _OLDEST
    for since, change in _CHANGES:
        if release.is_since(since):
            result = replace(result, **change)
    return result


def provisioners(release: Release) -> tuple[str, ...]:
    """Return the kinds of provisioners that can install the release, the preferred one first.

    Upstream's playbooks end with redwood; those that people maintain themselves go on.
    """
    return (ANSIBLE,) if traits(release).tutor is None else (TUTOR, ANSIBLE)
