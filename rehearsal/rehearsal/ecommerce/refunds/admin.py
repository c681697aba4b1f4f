from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from rehearsal.ecommerce.refunds.models import Refund, RefundLine
from rehearsal.ecommerce.refunds.process import approve, deny


class RefundLineInline(admin.TabularInline):
    model = RefundLine
    raw_id_fields = ("order_line",)
    extra = 0


@admin.register(Refund)
class RefundAdmin(admin.ModelAdmin):
    list_display = ("id", "order", "user", "total_credit_excl_tax", "currency", "status")
    list_filter = ("status",)
    raw_id_fields = ("order", "user")
    inlines = (RefundLineInline,)
    actions = ("approve", "deny")

    @admin.action(description="Approve the chosen refunds")
    def approve(self, request: HttpRequest, chosen: QuerySet[Refund]) -> None:
        failed = [str(refund.pk) for refund in chosen if not approve(refund)]
        self._tell(request, failed)

    @admin.action(description="Deny the chosen refunds")
    def deny(self, request: HttpRequest, chosen: QuerySet[Refund]) -> None:
        self._tell(request, [str(refund.pk) for refund in chosen if not deny(refund)])

    def _tell(self, request: HttpRequest, failed: list[str]) -> None:
        if failed:
            self.message_user(request, f"Failed: {', '.join(failed)}", messages.ERROR)
        else:
            self.message_user(request, "Done.")
