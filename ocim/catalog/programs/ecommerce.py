"""What ecommerce has of its site, and which payment processors are switched on."""

from django.apps import apps


def site(arguments):
    """The configuration of the site with this domain; no fields where there is none."""
    sites = apps.get_model("core", "SiteConfiguration").objects
    found = sites.filter(site__domain__iexact=arguments["domain"]).first()
    if found is None:
        return {"fields": None}
    fields = {
        "--site-domain": found.site.domain,
        "--site-name": found.site.name,
        "--partner-code": found.partner.short_code,
        "--partner-name": found.partner.name,
        "--lms-url-root": found.lms_url_root,
        "--payment-processors": found.payment_processors,
        "--client-side-payment-processor": found.client_side_payment_processor or "",
        "--from-email": found.from_email or "",
        "--discovery_api_url": found.discovery_api_url,
    }
    oauth = found.oauth_settings or {}
    for flag, (name, mark) in arguments["oauth"].items():
        there = oauth.get(name, "")
        fields[flag] = there if mark is None else _marked(there, mark)
    return {
        "fields": fields,
        "site_id": found.site_id,
        "microfrontend": found.payment_microfrontend_url
        if getattr(found, "enable_microfrontend_for_basket_page", False)
        else None,
    }


def switches(arguments):
    """Which switches are on."""
    switches_on = apps.get_model("waffle", "Switch").objects.filter(active=True)
    on = set(switches_on.values_list("name", flat=True))
    return {"fields": {name: name in on for name in arguments["names"]}}


def _marked(there, mark):
    secret, meaning = mark
    return meaning if there == secret else ("another" if there else "")
