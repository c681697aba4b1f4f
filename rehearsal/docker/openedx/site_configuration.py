#!/usr/bin/env python3
"""`site-configuration set|unset [-d DOMAIN] NAME [VALUE]`, a command of Tutor's own image."""

import argparse
import json

import django


def value_of(text: str) -> object:
    """Return the JSON value, or the text itself if it is no JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def main() -> None:
    """Change a value in the configuration of a site, or of all sites that have one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["set", "unset"])
    parser.add_argument("-d", "--domain")
    parser.add_argument("name")
    parser.add_argument("value", nargs="?")
    options = parser.parse_args()
    django.setup()
    from django.contrib.sites.models import Site
    from openedx.core.djangoapps.site_configuration.models import SiteConfiguration

    if options.domain:
        site, _ = Site.objects.get_or_create(domain=options.domain)
        SiteConfiguration.objects.get_or_create(site=site, defaults={"enabled": True})
    chosen = SiteConfiguration.objects.all()
    if options.domain:
        chosen = chosen.filter(site__domain=options.domain)
    for configuration in chosen:
        configuration.site_values.pop(options.name, None)
        if options.action == "set":
            configuration.site_values[options.name] = value_of(options.value)
        configuration.save()


if __name__ == "__main__":
    main()
