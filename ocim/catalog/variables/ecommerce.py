"""Variables of ecommerce and its worker: one function per layer, with upstream's names."""

from typing import Any

from ocim.catalog.endpoints import HTTPS_PORT, PROXY_PORT, public_url
from ocim.catalog.releases import ECOMMERCE_ENDED, git_reference, of_instance, traits
from ocim.catalog.secrets.masking import with_secrets_hidden
from ocim.catalog.shop.processors import WEBHOOK, completed
from ocim.catalog.shop.shop import CONFIG, WEBHOOKS, for_webhooks, partner_code
from ocim.catalog.variables.databases import engine, port
from ocim.core.instance import Instance, Service
from ocim.core.secrets import derive


def defaults(instance: Instance) -> dict[str, Any]:
    """Return its version, addresses and names."""
    root, version = (
        public_url(instance, Service.ECOMMERCE),
        git_reference(instance, ECOMMERCE_ENDED),
    )
    return {
        "ECOMMERCE_VERSION": version,
        "ECOMMERCE_WORKER_VERSION": version,
        "ECOMMERCE_ECOMMERCE_URL_ROOT": root,
        "ECOMMERCE_LMS_URL_ROOT": public_url(instance, Service.LMS),
        "ECOMMERCE_DISCOVERY_SERVICE_URL": public_url(instance, Service.DISCOVERY),
        "ECOMMERCE_WORKER_ECOMMERCE_API_ROOT": f"{root}/api/v2/",
        "ECOMMERCE_PLATFORM_NAME": instance.name,
        "ECOMMERCE_OSCAR_FROM_EMAIL": instance.email,
        "ECOMMERCE_SOCIAL_AUTH_REDIRECT_IS_HTTPS": True,
        "ECOMMERCE_NGINX_PORT": PROXY_PORT,
        "ECOMMERCE_SSL_NGINX_PORT": HTTPS_PORT,
        "ECOMMERCE_GUNICORN_WORKERS": 2,
    }


def payment(instance: Instance, seed: bytes) -> dict[str, Any]:
    """Return the keys of the payment processors, by the partner's code in lower case.

    From palm on ecommerce reads keys of Stripe's at a place of their own as it starts.
    """
    release, code = of_instance(instance), partner_code(instance, {}).lower()
    webhook = derive(seed, "ECOMMERCE_STRIPE_WEBHOOK")
    own = with_secrets_hidden(instance.payment_processors)
    processors = completed(own, release, webhook=webhook)
    config: dict[str, Any] = {code: processors} if processors else {}
    if traits(release).payment_intents and "stripe" not in config.get(WEBHOOKS, {}):
        keys = processors.get("stripe", {WEBHOOK: webhook})
        entry = {"stripe": for_webhooks(keys.get("secret_key", ""), keys[WEBHOOK])}
        config[WEBHOOKS] = {**config.get(WEBHOOKS, {}), **entry}
    return {CONFIG: config} if config else {}


def databases(instance: Instance) -> dict[str, Any]:
    """Return the variables of its database; upstream reads no port, and connects to MySQL's."""
    database = instance.databases["ecommerce"]
    return {
        **engine("ECOMMERCE_DATABASE_ENGINE", database),
        "ECOMMERCE_DATABASE_NAME": database.name,
        "ECOMMERCE_DATABASE_USER": database.user,
        "ECOMMERCE_DATABASE_PASSWORD": database.password,
        "ECOMMERCE_DATABASE_HOST": database.host,
        **port("ECOMMERCE_DATABASE_PORT", database),
    }


def secrets(seed: bytes) -> dict[str, Any]:
    """Return its secret key, and the keys that it shares with the LMS and its worker."""
    return {
        "ECOMMERCE_SECRET_KEY": derive(seed, "ECOMMERCE_SECRET_KEY"),
        "ECOMMERCE_EDX_API_KEY": derive(seed, "EDXAPP_EDX_API_KEY"),
        "ECOMMERCE_WORKER_JWT_SECRET_KEY": derive(seed, "COMMON_JWT_SECRET_KEY"),
    }
