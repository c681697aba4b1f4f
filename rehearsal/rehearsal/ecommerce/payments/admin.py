from django.contrib import admin

from rehearsal.ecommerce.payments.models import PaymentProcessorResponse


@admin.register(PaymentProcessorResponse)
class PaymentProcessorResponseAdmin(admin.ModelAdmin):
    list_display = ("created", "processor_name", "transaction_id", "basket")
    list_filter = ("processor_name",)
    search_fields = ("transaction_id",)

    def has_change_permission(self, *_args: object) -> bool:
        return False  # what was said was said
