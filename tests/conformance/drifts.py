"""Changes by hand of something that each set-up step has set, in the services' own databases."""

import shlex
from collections.abc import Mapping

import httpx
import yaml

from ocim.core.instance import Service
from tests.campus import Campus

SCRIPTS: Mapping[Service, str] = {
    Service.LMS: """
from django.apps import apps
from django.contrib.auth.models import User
User.objects.filter(username="discovery_worker").update(is_staff=False)
User.objects.get(username="ecommerce_worker").groups.clear()
if apps.is_installed("provider.oauth2"):
    # The service has no other client: with another secret it could not ask the LMS at all.
    clients = apps.get_model("oauth2", "Client").objects
    change = {"redirect_uri": "https://elsewhere.example.com/"}
else:
    clients = apps.get_model("oauth2_provider", "Application").objects
    clients = clients.exclude(authorization_grant_type="client-credentials")
    other = User.objects.get(username="ecommerce_worker")
    change = {"client_secret": "another secret", "user": other}
clients.filter(client_id__startswith="discovery").update(**change)
commerce = apps.get_model("commerce", "CommerceConfiguration").current()
commerce.checkout_on_ecommerce_service = False
commerce.save()
""",
    Service.ECOMMERCE: """
from django.apps import apps
sites = apps.get_model("core", "SiteConfiguration").objects
partner = sites.get(site__domain__startswith="ecommerce.").partner
partner.short_code = "OTHER"
partner.save()
switches = apps.get_model("waffle", "Switch").objects
switches.filter(name__startswith="payment_processor_active_").update(active=False)
""",
    Service.DISCOVERY: """
from django.apps import apps
# Empty: of any other address the real loaders ask for minutes, again and again.
apps.get_model("core", "Partner").objects.update(courses_api_url="")
""",
}
"""Programs for the services' shells, whose models all releases have."""


def change_by_hand(campus: Campus) -> None:
    """Change something that each set-up step has set, and take away the aliases of the search."""
    lines = [
        f"( {campus.command(service, f'shell -c {shlex.quote(script)}')} )"
        for service, script in SCRIPTS.items()
    ]
    # If one of them fails, the state of its step says so.
    campus.shell("; ".join([*lines, "crontab -r"]))
    take_aliases(campus)


def take_aliases(campus: Campus) -> None:
    """Take the aliases from all indexes of the campus, by its own account on the search server."""
    settings = yaml.safe_load((campus.root / "edx/etc/discovery.yml").read_text())
    with httpx.Client(base_url=settings["ELASTICSEARCH_CLUSTER_URL"], timeout=60) as search:
        rows = search.get("/_cat/aliases", params={"h": "alias,index"}).text.splitlines()
        actions = [
            {"remove": {"alias": alias, "index": index}} for alias, index in map(str.split, rows)
        ]
        search.post("/_aliases", json={"actions": actions}).raise_for_status()
