"""The queue between the shop and its worker: Celery, with the names of the real worker."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from celery import Celery

QUEUE = "ecommerce.fulfillment"
TASK = "ecommerce_worker.fulfillment.v1.tasks.fulfill_order"
DIRECTORY = "filesystem"


def queue_app(broker_url: str) -> Celery:
    """Return a Celery application on `amqp://…`, `redis://…`, or `filesystem:///directory`.

    A directory is enough if shop and worker are on the same machine. Messages that the worker
    has taken from it are lost if the worker dies.
    """
    app = Celery("ecommerce_worker")
    app.conf.update(
        broker_url=broker_url,
        broker_connection_retry_on_startup=True,
        task_default_queue=QUEUE,
        task_ignore_result=True,
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
    )
    if urlsplit(broker_url).scheme == DIRECTORY:
        directory = Path(unquote(urlsplit(broker_url).path))
        for name in ("messages", "control"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        app.conf.broker_url = f"{DIRECTORY}://"
        app.conf.broker_transport_options = {
            "data_folder_in": str(directory / "messages"),
            "data_folder_out": str(directory / "messages"),
            "control_folder": str(directory / "control"),
        }
    return app
