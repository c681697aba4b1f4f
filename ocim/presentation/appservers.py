"""App servers as rows of a list, and with all their facts, for commands and API."""

from ocim.catalog.secrets.masking import mask_text, masked_place
from ocim.core.names import PREVIEW_USER, preview_domain
from ocim.core.secrets import without_credentials
from ocim.operations.instances import preview_password
from ocim.store.models import OpenEdXAppServer, OpenEdXInstance
from ocim.wiring import context

COLUMNS = ("id", "instance", "state", "active", "release", "host", "failure")
FAILURE_WIDTH = 100
"""Characters of a failure's first line in a row."""


def row(appserver: OpenEdXAppServer) -> dict[str, object]:
    """Return the values of COLUMNS for an app server from `selectors.appservers`."""
    values = (
        appserver.pk,
        appserver.instance.internal_lms_domain,
        appserver.state,
        appserver.is_active,
        appserver.openedx_release,
        appserver.server.address if appserver.server else "",
        mask_text(appserver.failure).split("\n")[0][:FAILURE_WIDTH],
    )
    return dict(zip(COLUMNS, values, strict=True))


def facts(appserver: OpenEdXAppServer, *, secrets: bool = False) -> dict[str, object]:
    """Return an app server's facts; its preview password is masked unless `secrets` is set."""
    repository = without_credentials(appserver.configuration_source_repo_url)
    server = appserver.server
    return {
        "id": appserver.pk,
        "instance": str(appserver.instance),
        "state": appserver.state,
        "active": appserver.is_active,
        "failure": mask_text(appserver.failure),
        "host": server and f"{server.name} at {server.address} ({server.provider})",
        "openedx_release": appserver.openedx_release,
        "edx_platform_commit": appserver.edx_platform_commit,
        "provisioner": appserver.provisioner,
        "configuration": f"{repository} {appserver.configuration_version}",
        "configuration_commit": appserver.configuration_commit,
        "image": appserver.image,
        "created": appserver.created.isoformat(timespec="seconds"),
        "active since": appserver.activated_at
        and appserver.activated_at.isoformat(timespec="seconds"),
        **_health(appserver),
        "evidence": masked_place("", appserver.evidence),
        **_preview(appserver, secrets=secrets),
    }


def _health(appserver: OpenEdXAppServer) -> dict[str, object]:
    """Return the results of the latest health check; empty unless the app server is active."""
    if not appserver.is_active:
        return {}
    well, ill = appserver.healthy_since, appserver.unhealthy_since
    return {
        "well since": well and well.isoformat(timespec="seconds"),
        "not well since": ill and ill.isoformat(timespec="seconds"),
        "not well": appserver.unhealthy_reason,
    }


def _preview(appserver: OpenEdXAppServer, *, secrets: bool) -> dict[str, object]:
    """Return the preview address and its login; empty unless the app server runs unused."""
    if appserver.state != "running" or appserver.is_active:
        return {}
    instance = OpenEdXInstance.objects.get(pk=appserver.instance_id)
    domain = preview_domain(appserver.pk, instance.internal_lms_domain)
    password = preview_password(instance)
    shown = password.reveal() if secrets else f"{password} (--secrets shows it)"
    return {
        "preview": f"https://{domain}:{context().policy.https_port}/",
        "preview login": f"{PREVIEW_USER} / {shown}",
    }
