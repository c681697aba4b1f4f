"""What discovery has of its partner."""

from django.apps import apps


def partner(arguments):
    """The partner of the site; no fields where there is none."""
    found = apps.get_model("core", "Partner").objects.filter(site_id=arguments["site_id"]).first()
    if found is None:
        return {"fields": None}
    fields = {"--site-domain": found.site.domain, "--code": found.short_code, "--name": found.name}
    for flag, mark in arguments["flags"].items():
        there = getattr(found, flag[2:].replace("-", "_"), None) or ""
        if mark is not None and there:
            there = mark[1] if there == mark[0] else "another"
        fields[flag] = there
    return {"fields": fields}
