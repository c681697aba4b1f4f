"""A place: services of a release behind Ocim's LMS and balancer, and what Ocim says of them."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from ocim.core.instance import Service
from tests.acceptance.installation import Installation, Refused
from tests.campus import PATIENT, Campus
from tests.conformance.drifts import change_by_hand, take_aliases
from tests.conformance.installed import Installed
from tests.conformance.take_over import take_over

Lines = dict[str, dict[str, Any]]
SETTINGS = {
    "SANDBOX_ENABLE_DISCOVERY": True,
    "SANDBOX_ENABLE_ECOMMERCE": True,
    **yaml.safe_load(PATIENT),
}
CARD = {
    "ECOMMERCE_PAYMENT_PROCESSOR_CONFIG": {
        "conform": {"test-card": {"secret_key": "a card's secret"}}
    }
}
"""Keys of a processor that only the rehearsal's shop has."""
SELL = """
from ocim.operations.shop.demo import sell_a_course
from ocim.store.models import OpenEdXAppServer
from ocim.wiring import context
sell_a_course(OpenEdXAppServer.objects.get(pk={appserver}), context())
"""
REFUSAL = "refuse-enrollment"


@dataclass(frozen=True)
class History:
    """States of the set-up steps, while all of them are changed by hand and run again."""

    first: Lines
    drifted: Lines
    """States after all was changed by hand."""
    noticed: Lines
    """Lines of a verification with a purchase at that time."""
    mended: Lines
    """States after `setup --force` ran all steps a second time."""


@dataclass
class Place:
    """Services of a release. What is asked of them is asked once, and kept."""

    campus: Campus

    @cached_property
    def history(self) -> History:
        """History of the set-up steps; all of them are done before and after."""
        first = self.campus.status()
        change_by_hand(self.campus)
        drifted = self.campus.status()
        noticed = self.campus.verify("--purchase")
        # The verification has run `update_index`, which gives the aliases back.
        take_aliases(self.campus)
        # The states say which steps fail.
        with suppress(Refused):
            self.campus.setup()
        return History(first, drifted, noticed, self.campus.status())

    @cached_property
    def verified(self) -> Lines:
        """Lines of a verification with a purchase, after all was changed and mended."""
        assert self.history.mended
        return self.campus.verify("--purchase")

    @cached_property
    def refused(self) -> Lines:
        """Lines of such a verification while the LMS refuses to enroll."""
        assert self.verified
        with self.campus.fault(REFUSAL):
            return self.campus.verify("--purchase")

    def admin(self, service: Service, paths: Sequence[str]) -> dict[str, int]:
        """Return the status of each path of a service's admin, for a superuser."""
        prefix = "" if service is Service.LMS else f"{service.value}."
        host = f"{prefix}{self.campus.domain}:{self.campus.installation.https_port}"
        out = self.campus.python(service, ADMIN.format(paths=list(paths), host=host))
        return {path: int(status) for path, status in re.findall(r"ADMIN (\S+) (\d+)", out)}


ADMIN = """
from django.contrib.auth import get_user_model
from django.test import Client
user = get_user_model()(username="ocim-conformance", is_staff=True, is_superuser=True)
user.lms_user_id = 1  # the shop turns users away that it does not know from the LMS
user.save()
try:
    client = Client(HTTP_HOST="{host}")
    client.force_login(user)
    for path in {paths!r}:
        print("ADMIN %s %s" % (path, client.get(path, secure=True).status_code))
finally:
    user.delete()
"""


def open_place(installation: Installation, services: Sequence[Installed]) -> Place:
    """Return a new instance of the services' release, which they serve, with a course for sale."""
    release = services[0].release
    name = release.rpartition("/")[2]
    variables = {key: value for each in services for key, value in each.variables.items()}
    if all(each.service is not Service.ECOMMERCE for each in services):
        variables = {**CARD, **variables}
    domain = f"{name.replace('.', '-')}.localhost"
    installation.instance(
        domain,
        openedx_release=release,
        edx_platform_commit=f"opencraft-release/{name}",
        configuration_extra_settings=yaml.safe_dump({**SETTINGS, **variables}),
    )
    installation.ocim("appserver", "spawn", domain)
    [appserver] = installation.appservers(domain)
    campus = Campus(installation, appserver["id"], domain, release)
    take_over(campus, services)
    campus.setup("switches")
    installation.ocim("appserver", "activate", str(campus.appserver))
    installation.ocim("shell", "-v0", "-c", SELL.format(appserver=campus.appserver))
    return Place(campus)
