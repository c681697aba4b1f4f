"""Observe and set the site and the switches of ecommerce."""

from django.apps import apps
from django.core.management import call_command
from django.db import transaction


def site(arguments):
    """Return the configuration of the site with this domain; no fields if there is none."""
    sites = apps.get_model("core", "SiteConfiguration").objects
    configuration = sites.filter(site__domain__iexact=arguments["domain"]).first()
    if configuration is None:
        return {"fields": None}
    fields = {
        "--site-domain": configuration.site.domain,
        "--site-name": configuration.site.name,
        "--partner-code": configuration.partner.short_code,
        "--partner-name": configuration.partner.name,
        "--lms-url-root": configuration.lms_url_root,
        "--payment-processors": configuration.payment_processors,
        "--client-side-payment-processor": configuration.client_side_payment_processor or "",
        "--from-email": configuration.from_email or "",
        "--discovery_api_url": getattr(configuration, "discovery_api_url", ""),
    }
    oauth = configuration.oauth_settings or {}
    for flag, (name, secret) in arguments["oauth"].items():
        value = oauth.get(name, "")
        fields[flag] = value if secret is None else _fingerprint(value, secret)
    return {
        "fields": fields,
        "site_id": configuration.site_id,
        "kept": _kept(configuration, oauth, arguments["kept"]),
    }


def set_partner(arguments):
    """Set short code and name of the partner with this code; the command sets them only once."""
    partner = apps.get_model("partner", "Partner").objects.get(code=arguments["code"])
    partner.short_code, partner.name = arguments["code"], arguments["name"]
    partner.save()


def keep_basket(arguments):
    """Run the command `argv`, and set the address of the microfrontend for baskets again.

    The command empties it, and nobody else knows it: so both happen in one transaction.
    """
    sites = apps.get_model("core", "SiteConfiguration").objects
    with transaction.atomic():
        call_command(*arguments["argv"])
        configuration = sites.get(site__domain__iexact=arguments["domain"])
        configuration.payment_microfrontend_url = arguments["url"]
        configuration.save()


def switches(arguments):
    """Return for each switch whether it is on."""
    switches_on = apps.get_model("waffle", "Switch").objects.filter(active=True)
    on = set(switches_on.values_list("name", flat=True))
    return {"fields": {name: name in on for name in arguments["names"]}}


def _fingerprint(value, secret):
    text, fingerprint = secret
    return fingerprint if value == text else ("another" if value else "")


def _kept(configuration, oauth, flags):
    """Return the present values of these flags, which the command would set back."""
    values = {}
    for flag in flags:
        name = flag[2:].replace("-", "_")
        if flag == "--lms-public-url-root":
            value = oauth.get("SOCIAL_AUTH_EDX_OAUTH2_PUBLIC_URL_ROOT")
        else:
            value = getattr(configuration, name, None)
        if value:
            values[flag] = value
    return values
