"""The settings of an instance in groups, with the labels and help texts that people see."""

from dataclasses import dataclass

from ocim.store.models import InstanceReference, OpenEdXInstance


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together: each field's label by its name."""

    title: str
    labels: dict[str, str]


_SERVICES = {
    "lms": "LMS",
    "lms_preview": "Preview of the LMS",
    "studio": "Studio",
    "ecommerce": "Ecommerce",
    "discovery": "Discovery",
}
GROUPS = (
    Group(
        "Site",
        {
            "name": "Name",
            "email": "Email sender",
            "time_zone": "Time zone",
            "organization": "Organization",
            "tags": "Tags",
            "notes": "Notes",
        },
    ),
    Group("Addresses", {f"internal_{name}_domain": label for name, label in _SERVICES.items()}),
    Group(
        "The customer's own addresses",
        {f"external_{name}_domain": label for name, label in _SERVICES.items()},
    ),
    Group(
        "Release",
        {
            "openedx_release": "Release",
            "edx_platform_repository_url": "Repository of the platform",
            "edx_platform_commit": "Version of the platform",
            "configuration_source_repo_url": "Repository of the configuration",
            "configuration_version": "Version of the configuration",
            "configuration_playbook_name": "Playbook",
        },
    ),
    Group(
        "Hosts",
        {
            "provisioner": "Provisioner",
            "provider": "Kind of hosts",
            "flavor": "Size of hosts",
            "openedx_appserver_count": "Number of app servers",
        },
    ),
    Group("Shop", {"partner_code": "Partner code", "currency": "Currency"}),
    Group("Variables", {"configuration_extra_settings": "Extra settings"}),
)
LABELS = {name: label for group in GROUPS for name, label in group.labels.items()}
"""Label of every setting."""
HELP = {
    "database_server": "Server of its databases (default: embedded ones on local hosts, else the"
    " server with the fewest instances); it cannot be changed later.",
    "shared_settings": "YAML: variables of Ansible, or of Tutor (TUTOR_…). App servers keep"
    " what they were created with.",
}
"""Help texts of fields that are no columns of an instance."""


def addresses(lms_domain: str) -> dict[str, str]:
    """Return what a new instance derives from its domain: the host name of every service."""
    domains = OpenEdXInstance(internal_lms_domain=lms_domain.strip().rstrip(".").lower()).domains
    return {label: getattr(domains, name.removeprefix("lms_")) for name, label in _SERVICES.items()}


def help_of(field: str) -> str:
    """Return the help text of a setting."""
    if field in HELP:
        return HELP[field]
    model = InstanceReference if field in ("notes", "organization") else OpenEdXInstance
    return str(getattr(model._meta.get_field(field), "help_text", ""))
