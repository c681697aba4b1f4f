"""Observe the partner of discovery."""

from django.apps import apps


def partner(arguments):
    """Return the fields of the site's partner; None if there is no partner.

    Partners of ginkgo have no site: return those of the partner with the code.
    """
    partners = apps.get_model("core", "Partner").objects
    row = partners.filter(site_id=arguments["site_id"]).first()
    row = row or partners.filter(site=None, short_code=arguments["code"]).first()
    if row is None:
        return {"fields": None}
    fields = {"--code": row.short_code, "--name": row.name}
    if row.site:
        fields["--site-domain"] = row.site.domain
    for flag, secret in arguments["flags"].items():
        value = getattr(row, flag[2:].replace("-", "_"), None) or ""
        if secret is not None and value:
            text, fingerprint = secret
            value = fingerprint if value == text else "another"
        fields[flag] = value
    return {"fields": fields}
