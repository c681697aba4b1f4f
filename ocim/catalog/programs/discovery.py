"""Observe the partner of discovery."""

from django.apps import apps


def partner(arguments):
    """Return the fields of the site's partner, and the site's id; None if there is no partner.

    The site is that of the domain, or else that of the id. Partners of ginkgo have no site: return
    those of the partner with the code.
    """
    sites = apps.get_model("sites", "Site").objects
    site = sites.filter(domain__iexact=arguments["domain"]).first()
    site_id = site.pk if site else arguments["site_id"]
    partners = apps.get_model("core", "Partner").objects
    row = partners.filter(site_id=site_id).first()
    row = row or partners.filter(site=None, short_code=arguments["code"]).first()
    if row is None:
        return {"fields": None, "site_id": site_id}
    fields = {"--code": row.short_code, "--name": row.name}
    if row.site:
        fields["--site-domain"] = row.site.domain
    for flag, secret in arguments["flags"].items():
        value = getattr(row, flag[2:].replace("-", "_"), None) or ""
        if secret is not None and value:
            text, fingerprint = secret
            value = fingerprint if value == text else "another"
        fields[flag] = value
    return {"fields": fields, "site_id": site_id}
