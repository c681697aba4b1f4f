"""Answers of the API that are kept, so that a request that is sent twice is carried out once."""

from django.conf import settings
from django.db import models

from ocim.store.fields import EncryptedJSONField


class KeptAnswer(models.Model):
    """The answer to a request with an idempotency key. It may hold a secret, as a new token."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(
        null=True, help_text="Status of the answer; empty: the request is being carried out."
    )
    headers = models.JSONField(default=dict)
    content = EncryptedJSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "key"], name="an_idempotency_key_once"),
        )
        indexes = (models.Index(fields=["created_at"], name="kept_answer_by_age"),)

    def __str__(self) -> str:
        return f"answer to {self.key} of user {self.user_id}"
