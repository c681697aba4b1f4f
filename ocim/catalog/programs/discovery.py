"""Observe the partner of discovery."""

from django.apps import apps


def partner(arguments):
    """Return the fields of the site's partner; None if there is no partner."""
    partners = apps.get_model("core", "Partner").objects
    row = partners.filter(site_id=arguments["site_id"]).first()
    if row is None:
        return {"fields": None}
    fields = {"--site-domain": row.site.domain, "--code": row.short_code, "--name": row.name}
    for flag, secret in arguments["flags"].items():
        value = getattr(row, flag[2:].replace("-", "_"), None) or ""
        if secret is not None and value:
            text, fingerprint = secret
            value = fingerprint if value == text else "another"
        fields[flag] = value
    return {"fields": fields}
