"""The workers' application, on the broker that the settings name."""

import logging

from celery import Celery

logger = logging.getLogger(__name__)

APP = Celery("proj")
APP.config_from_object("django.conf:settings")


@APP.task(name="openedx.rehearsal.rebuild_index")
def rebuild_index() -> None:
    """Say that there is nothing to index: the rehearsal has no course content."""
    logger.info("The index of the studio is up to date.")
