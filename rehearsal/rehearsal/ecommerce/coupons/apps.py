from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_delete


def read_condition(instance: Any, **_of_signal: Any) -> None:
    """Read the condition of an offer that is deleted, as the real shop does for its history."""
    instance.condition  # noqa: B018 - it fails if the condition has been deleted


class CouponsConfig(AppConfig):
    name = "rehearsal.ecommerce.coupons"
    label = "coupons"

    def ready(self) -> None:
        post_delete.connect(read_condition, sender=apps.get_model("offer", "ConditionalOffer"))
