"""The hourly job of discovery in containers, which have no cron: Ocim starts it."""

from ocim.catalog.steps import hourly
from ocim.core.errors import OcimError
from ocim.core.instance import Service
from ocim.core.provisioning import TUTOR
from ocim.operations import machines
from ocim.operations.context import Context
from ocim.operations.logs import say
from ocim.operations.shop import remote, steps
from ocim.store.selectors import appservers_with_specs

START_SECONDS = 30.0
"""Longest time in which an engine starts a command in a container."""


def start_all(context: Context) -> None:
    """Start the job for every instance in containers, on the newest app server that serves it.

    The job itself takes minutes, and nothing here waits for it. Its log is in the container;
    that it could not be started is in the app server's.
    """
    active = appservers_with_specs().filter(is_active=True, provisioner=TUTOR).order_by("id")
    newest = {appserver.instance_id: appserver for appserver in active}
    for appserver in machines.within_reach(newest.values(), context):
        if Service.DISCOVERY not in appserver.services:
            continue
        try:
            inputs = steps.step_inputs(appserver, context)
            database = inputs.instance.databases[Service.DISCOVERY.value]
            script = hourly.start(database, inputs.shop.partner_code)
            ran = remote.run_on_host(appserver, script, context, timeout=START_SECONDS)
            fault = ran.status and (ran.errors or ran.output).strip()
        except OcimError as error:
            fault = str(error)
        if fault:
            text = f"The hourly job of discovery was not started: {fault}"
            say(appserver, text, context=context, level="warning")
