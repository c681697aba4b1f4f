"""Open edX releases in their order, and what differs between them, as data."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from ocim.core.instance import Instance

NAMES = (
    "ginkgo", "hawthorn", "ironwood", "juniper", "koa", "lilac", "maple", "nutmeg",
    "olive", "palm", "quince", "redwood", "sumac", "teak", "ulmo",
)  # fmt: skip

_TIP = 1_000_000
_NAME = re.compile(
    rf"(?:^|/)(?P<name>{'|'.join(NAMES)})(?:\.(?P<patch>\d+|\w+))?(?![a-z])", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """A release, comparable by age. Made by `Release.of`."""

    position: int
    patch: int
    text: str = field(compare=False)
    """As it was written."""

    @classmethod
    def of(cls, text: str) -> "Release":
        """Read a branch, tag or release name, as in `openedx_release` or `edx_platform_commit`.

        The last part of a path counts: `opencraft-release/juniper.2` is juniper.2. A branch's tip
        (`juniper.master`, `juniper`) is newer than its numbered releases, a candidate
        (`juniper.rc1`) older. `master`, a commit's hash and any other text are taken for newer
        than all that is known here; `known` is then False, and an operator should be told.
        """
        found = _NAME.search(text.strip())
        if not found:
            return cls(len(NAMES), _TIP, text)
        patch = found["patch"] or "master"
        number = int(patch) if patch.isdecimal() else _TIP if patch == "master" else 0
        return cls(NAMES.index(found["name"].lower()), number, text)

    @property
    def known(self) -> bool:
        """Whether the text names a release; if not, it is treated as the newest."""
        return self.position < len(NAMES)

    @property
    def name(self) -> str:
        """`juniper`; empty where the text names no release."""
        return NAMES[self.position] if self.known else ""


def of_instance(instance: Instance) -> Release:
    """The release that an instance runs: the commit's, or else (a hash) the one it belongs to."""
    release = Release.of(instance.edx_platform_commit)
    return release if release.known else Release.of(instance.openedx_release)


def git_reference(instance: Instance) -> str:
    """The tag or branch that the services' own repositories have of the instance's release."""
    text = instance.openedx_release
    release = Release.of(text)
    if not release.known:
        return "master"
    if "/" in text:
        return text
    return f"{'release' if release.position >= NAMES.index('sumac') else 'open-release'}/{text}"


@dataclass(frozen=True, slots=True)
class Traits:
    """What Ocim has to do one way on some releases and another way on others."""

    playbook: str
    """The playbook of the configuration repository that sets up a whole server."""
    sign_on_backend: str
    """Python Social Auth's name for how ecommerce and discovery sign people on."""
    clients_per_service: tuple[str, ...]
    """What each service has an OAuth client for."""
    client_command: str
    """`manage.py lms` command that creates such a client."""
    site_flags: tuple[str, ...]
    """All flags that `create_or_update_site` (ecommerce) takes; what is left out is emptied."""
    site_client_flags: tuple[str, ...]
    """Those of them that name clients; all are required."""
    partner_flags: tuple[str, ...]
    """All flags of `create_or_update_partner` (discovery); what is left out is emptied."""
    index_commands: tuple[str, ...]
    """What creates and fills discovery's search indexes, in this order."""
    checkout_page_field: str
    """The field of the LMS's CommerceConfiguration with the path of the basket."""
    has_ecommerce: bool
    """Whether ecommerce is part of the release; if not, Ocim warns."""

    @property
    def callback_path(self) -> str:
        """Where a service takes people back who signed on at the LMS."""
        return f"/complete/{self.sign_on_backend}/"


_SITE = (
    "--site-id", "--site-domain", "--site-name", "--partner-code", "--partner-name",
    "--lms-url-root", "--payment-processors", "--client-side-payment-processor", "--from-email",
    "--discovery_api_url",
)  # fmt: skip
_PARTNER = (
    "--site-id", "--site-domain", "--code", "--name", "--courses-api-url", "--ecommerce-api-url",
    "--organizations-api-url", "--programs-api-url", "--marketing-site-api-url",
    "--marketing-site-url-root", "--marketing-site-api-username", "--marketing-site-api-password",
)  # fmt: skip
_CLIENTS_OF_OIDC = ("--client-id", "--client-secret")
_CLIENTS_OF_OAUTH2 = (
    "--sso-client-id", "--sso-client-secret",
    "--backend-service-client-id", "--backend-service-client-secret",
)  # fmt: skip

_OLDEST = Traits(
    playbook="edx_sandbox.yml",
    sign_on_backend="edx-oidc",
    clients_per_service=("sign-on",),
    client_command="create_oauth2_client",
    site_flags=(*_SITE, *_CLIENTS_OF_OIDC),
    site_client_flags=_CLIENTS_OF_OIDC,
    partner_flags=(*_PARTNER, "--oidc-url-root", "--oidc-key", "--oidc-secret"),
    index_commands=("update_index",),
    checkout_page_field="single_course_checkout_page",
    has_ecommerce=True,
)

# From which release on what is different; the rest is as it was before.
_CHANGES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("hawthorn", {"checkout_page_field": "basket_checkout_page"}),
    ("ironwood", {"playbook": "openedx_native.yml"}),
    (
        "juniper",
        {
            "sign_on_backend": "edx-oauth2",
            "clients_per_service": ("sign-on", "backend"),
            "client_command": "create_dot_application",
            "site_flags": (*_SITE, *_CLIENTS_OF_OAUTH2),
            "site_client_flags": _CLIENTS_OF_OAUTH2,
            "partner_flags": (*_PARTNER, "--lms-url"),
        },
    ),
    (
        "lilac",
        {
            "site_flags": (
                *_SITE,
                *_CLIENTS_OF_OAUTH2,
                "--enable-microfrontend-for-basket-page",
                "--payment-microfrontend-url",
            ),
            "index_commands": ("install_es_indexes", "update_index"),
        },
    ),
    (
        "sumac",
        {
            "partner_flags": (
                *_PARTNER,
                "--lms-url",
                "--lms-coursemode-api-url",
                "--studio-url",
                "--publisher-url",
            ),
        },
    ),
    ("teak", {"has_ecommerce": False}),
)


def traits(release: Release) -> Traits:
    """What holds for that release: the newest known way for one that is not known."""
    found = _OLDEST
    for since, change in _CHANGES:
        if release.position >= NAMES.index(since):
            found = replace(found, **change)
    return found
