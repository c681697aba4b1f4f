"""Versions of the services that upstream's playbooks install beside the LMS, on the same server.

Upstream's default for each is a branch that moves: a server of an old release would get the newest
code, which another release of the LMS goes with. The built-in playbooks install none of these.
"""

from collections.abc import Mapping

from ocim.catalog.releases import Ended, git_reference
from ocim.core.instance import Instance
from ocim.core.provisioning import BUILTIN

_XQUEUE = Ended("teak", "release/teak")
_FORUM = Ended("redwood.2", "open-release/redwood.master")
_DEMO = Ended("sumac.1", "open-release/sumac.master")
_QUINCE = "open-release/quince.master"
_CONFIGURATION = Ended("quince", _QUINCE)
_NONE_OF_QUINCE_3 = Ended("quince.2", _QUINCE)
_VERSIONS: Mapping[str, Ended | None] = {
    "forum_version": _FORUM,
    "FORUM_VERSION": _FORUM,
    "xqueue_version": _XQUEUE,
    "XQUEUE_VERSION": _XQUEUE,
    "certs_version": None,
    "CERTS_VERSION": None,
    "NOTIFIER_VERSION": None,
    "demo_version": _DEMO,
    "DEMO_VERSION": _DEMO,
    # Upstream installs its playbooks on the server, too, from its own repository.
    "configuration_version": _CONFIGURATION,
    "CONFIGURATION_VERSION": _CONFIGURATION,
    "MFE_DEPLOY_VERSION": None,
    # Not installed by upstream's or Ocim's defaults of their switches, from hawthorn on.
    "ANALYTICS_API_VERSION": _NONE_OF_QUINCE_3,
    "INSIGHTS_VERSION": _CONFIGURATION,
    "EDX_NOTES_API_VERSION": None,
    "BLOCKSTORE_VERSION": _NONE_OF_QUINCE_3,
    "RETIREMENT_SERVICE_VERSION": _NONE_OF_QUINCE_3,
}
"""Variables, with the end of their repository's tags: as read in all these repositories."""

LEFT: Mapping[str, str] = {
    "THEMES_VERSION": "its repository, of sample themes, has no releases; upstream installs it"
    " only where comprehensive themes are on",
    "EDXAPP_COMPREHENSIVE_THEME_VERSION": "goes with a repository of your own",
    "EDXAPP_THEME_VERSION": "goes with a repository of your own",
    "edxapp_theme_version": "goes with a repository of your own (up to ironwood)",
    "NOTIFIER_THEME_VERSION": "goes with a repository of your own (up to juniper)",
    "JOURNALS_VERSION": "its repository has no releases; off by default (hawthorn, ironwood)",
    "RETIREMENT_SERVICE_GIT_REPOS": "a list, with a repository that has no tags of these releases;"
    " off by default (juniper, koa)",
    "MFE_VERSION": "upstream passes MFE_DEPLOY_VERSION, or a microfrontend's own version",
    "edx_django_service_version": "upstream passes the version of each service",
}
"""Variables that stay at upstream's branch that moves, with the reason."""


def versions(instance: Instance) -> dict[str, str]:
    """Return the versions under the names of all releases; none for the built-in playbooks."""
    if instance.configuration_source_repo_url == BUILTIN:
        return {}
    return {name: git_reference(instance, ended) for name, ended in _VERSIONS.items()}
