"""Variables that exist only in some releases."""

from collections.abc import Mapping

from ocim.catalog.releases import NAMES, Release

_CLIENTS = ("ECOMMERCE", "DISCOVERY", "INSIGHTS", "CREDENTIALS")


def _of(client: str, *uses: str) -> frozenset[str]:
    return frozenset(f"{client}_{use}_{part}" for use in uses for part in ("KEY", "SECRET"))


def _of_clients(*uses: str) -> frozenset[str]:
    return frozenset().union(*(_of(client, *uses) for client in _CLIENTS))


_VERSIONS = frozenset({"CERTS_VERSION", "CONFIGURATION_VERSION", "DEMO_VERSION", "FORUM_VERSION"})
"""Names that juniper has in lower case, too, so that operators may set either."""

SINCE: Mapping[str, frozenset[str]] = {
    "hawthorn": frozenset({"XQUEUE_VERSION"}),
    # Before, a set-up step adds discovery's job to the crontab.
    "ironwood": frozenset({"EDXAPP_ADDITIONAL_CRON_JOBS"}),
    "juniper": frozenset(
        {
            "BLOCKSTORE_VERSION",
            "COMMON_XQUEUE_LMS_PASSWORD",
            *_VERSIONS,
            *_of_clients("SOCIAL_AUTH_EDX_OAUTH2", "BACKEND_SERVICE_EDX_OAUTH2"),
        }
    ),
    "koa": frozenset({"EDX_PLATFORM_VERSION", "MFE_DEPLOY_VERSION"}),
    "lilac": frozenset({"EDXAPP_PROFILE_IMAGE_HASH_SEED", "RETIREMENT_SERVICE_VERSION"}),
    "maple": _of("EDXAPP_CMS", "SOCIAL_AUTH_EDX_OAUTH2", "BACKEND_SERVICE_EDX_OAUTH2"),
}
"""Names by the release that introduced them."""

UNTIL: Mapping[str, frozenset[str]] = {
    "ginkgo": frozenset({"xqueue_version"}),
    # Later, DEMO_ROLE_ENABLED turns off the whole role.
    "ironwood": _of_clients("SOCIAL_AUTH_EDX_OIDC")
    | {name.lower() for name in _VERSIONS}
    | {"DEMO_CREATE_STAFF_USER", "demo_test_users"},
    "juniper": frozenset(
        {
            "edx_platform_version",
            "NOTIFIER_COMMENT_SERVICE_API_KEY",
            "NOTIFIER_LMS_SECRET_KEY",
            "NOTIFIER_USER_SERVICE_API_KEY",
            "NOTIFIER_VERSION",
        }
    ),
    "koa": frozenset({"EDXAPP_PROFILE_IMAGE_SECRET_KEY"}),
    "lilac": frozenset({"CERTS_QUEUE_PASS", "CERTS_VERSION"}),
}
"""Names by the last release that knows them."""


def unknown_to(release: Release) -> frozenset[str]:
    """Return the names in these tables that the release does not know."""
    too_new = (names for since, names in SINCE.items() if not release.is_since(since))
    too_old = (names for until, names in UNTIL.items() if release.position > NAMES.index(until))
    return frozenset().union(*too_new, *too_old)
