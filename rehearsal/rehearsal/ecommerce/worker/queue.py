"""The shop's end of the queue."""

from functools import cache

from celery import Celery
from django.conf import settings
from kombu.exceptions import KombuError

from rehearsal.ecommerce.worker.broker import TASK, queue_app


class QueueDown(Exception):
    """The broker does not answer, or none is configured."""


def queue_fulfillment(order_number: str) -> None:
    """Queue an order for the worker, or raise QueueDown."""
    if not settings.BROKER_URL:
        raise QueueDown("BROKER_URL is not set.")
    try:
        app_of(settings.BROKER_URL).send_task(TASK, args=(order_number,), retry=False)
    except (KombuError, OSError) as error:
        raise QueueDown(str(error)) from error


@cache
def app_of(broker_url: str) -> Celery:
    app = queue_app(broker_url)
    app.conf.task_routes = settings.CELERY_ROUTES
    # Fail at once instead of after some seconds: a buyer is waiting.
    app.conf.broker_transport_options |= {"max_retries": 1, "interval_start": 0}
    return app
