from django.db import models


class PaymentProcessorResponse(models.Model):
    """A response of a payment processor, unchanged."""

    processor_name = models.CharField(max_length=255)
    transaction_id = models.CharField(max_length=255, blank=True, default="", db_index=True)
    basket = models.ForeignKey("basket.Basket", null=True, on_delete=models.SET_NULL)
    response = models.JSONField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.processor_name}: {self.transaction_id}"
