"""The worker: `celery --app rehearsal.ecommerce.worker.app worker`. It asks the shop's API."""

import time

import requests
from celery import Task
from celery.utils.log import get_task_logger
from jwcrypto.jwk import JWK

from rehearsal.common import configuration, jwt, releases
from rehearsal.ecommerce.worker.broker import TASK, queue_app

FILE = "ECOMMERCE_WORKER_CFG"
SETTINGS = configuration.read(FILE, required=("BROKER_URL", "ECOMMERCE_API_ROOT"))
RELEASE = releases.parse(SETTINGS.get("ECOMMERCE_WORKER_VERSION") or "master")
if not RELEASE.worker_signs_in:
    configuration.read(FILE, required=("JWT_SECRET_KEY", "JWT_ISSUER", "JWT_AUDIENCE"))
# The real worker's own values, with which no LMS of a server answers.
CLIENT = {
    "BACKEND_SERVICE_EDX_OAUTH2_PROVIDER_URL": "http://localhost:18000/oauth2/",
    "BACKEND_SERVICE_EDX_OAUTH2_KEY": "ecommerce-backend-service-key",
    "BACKEND_SERVICE_EDX_OAUTH2_SECRET": "ecommerce-backend-service-secret",
    **SETTINGS,
}
TIMEOUT = 60
NOT_ACCEPTABLE = 406

app = queue_app(SETTINGS["BROKER_URL"])
logger = get_task_logger(__name__)


@app.task(  # type: ignore[untyped-decorator]
    bind=True, name=TASK, max_retries=int(SETTINGS.get("MAX_FULFILLMENT_RETRIES") or 11)
)
def fulfill_order(self: Task, order_number: str, **_of_the_real_service: object) -> None:
    """Ask the shop to fulfill an order. If it fails, retry after 1, 2, 4… seconds.

    Like the real task, fail for good if the LMS gives no token.
    """
    token = token_of_lms() if RELEASE.worker_signs_in else own_token()
    url = f"{SETTINGS['ECOMMERCE_API_ROOT'].rstrip('/')}/orders/{order_number}/fulfill/"
    try:
        answer = requests.put(url, headers={"Authorization": f"JWT {token}"}, timeout=TIMEOUT)
        if answer.status_code == NOT_ACCEPTABLE:
            logger.info("Order %s has been fulfilled already.", order_number)
            return
        answer.raise_for_status()
    except requests.RequestException as error:
        logger.warning("Order %s is not fulfilled: %s", order_number, error)
        raise self.retry(exc=error, countdown=2**self.request.retries) from error
    logger.info("Order %s is fulfilled.", order_number)


def token_of_lms() -> str:
    """Return a token of the shop's own client at the LMS."""
    answer = requests.post(
        f"{CLIENT['BACKEND_SERVICE_EDX_OAUTH2_PROVIDER_URL'].rstrip('/')}/access_token/",
        {
            "grant_type": "client_credentials",
            "client_id": CLIENT["BACKEND_SERVICE_EDX_OAUTH2_KEY"],
            "client_secret": CLIENT["BACKEND_SERVICE_EDX_OAUTH2_SECRET"],
            "token_type": "jwt",
        },
        timeout=TIMEOUT,
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def own_token() -> str:
    claims = {
        "iss": SETTINGS["JWT_ISSUER"],
        "aud": SETTINGS["JWT_AUDIENCE"],
        "exp": int(time.time()) + 300,
        "username": "ecommerce_worker",
    }
    return jwt.sign(claims, key=JWK.from_password(SETTINGS["JWT_SECRET_KEY"]), algorithm="HS256")
