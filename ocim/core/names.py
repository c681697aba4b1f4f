"""Names that Ocim derives for hosts, domains and accounts."""

import string

DERIVED_DOMAINS = {
    "lms_preview": "preview.",
    "studio": "studio.",
    "ecommerce": "ecommerce.",
    "discovery": "discovery.",
}
"""Prefixes of the LMS's domain, for services with no domain of their own."""
PREVIEW_USER = "preview"
"""User at the preview addresses of inactive app servers."""


def appserver_host(appserver_id: int) -> str:
    """Return the name of an app server's host."""
    return f"appserver-{appserver_id}"


def dry_run_host(upgrade_id: int) -> str:
    """Return the name of the host for an upgrade's dry run of migrations."""
    return f"dry-run-{upgrade_id}"


def shared_server_host(role: str, name: str) -> str:
    """Return the name of the host that Ocim creates for a shared server: `search-main`."""
    return f"{role}-{name}"


def preview_domain(appserver_id: int, lms_domain: str) -> str:
    """Return the domain of an inactive app server's preview, which needs user and password."""
    return f"appserver-{appserver_id}.{lms_domain}"


def database_account(database_name: str, role: str, generation: int = 1) -> str:
    """Return the name of an account on a database server: at most 16 characters, as for old MySQL.

    `database_name` is the instance's, which ends in eight characters that no other instance has.
    `role` is a database's purpose, such as `edxapp`, or `migrate`, `read` or `dry_run`. Accounts of
    two generations that follow one another have different names.
    """
    later = _DIGITS[generation % len(_DIGITS)] if generation > 1 else ""
    return f"{database_name[-8:]}_{_SHORT.get(role, role)}{later}"


_SHORT = {"edxapp_csmh": "csmh", "ecommerce": "ecomm", "discovery": "disc", "migrate": "migr"}
_DIGITS = string.digits + string.ascii_lowercase


def account(instance_id: int) -> str:
    """Return an instance's account name: at most 16 characters, the limit of older MySQL."""
    return f"openedx_{instance_id}"


def contact_address(lms_domain: str) -> str:
    """Return the mail address of an instance that has set none."""
    return f"contact@{lms_domain}"
