from django.contrib import admin

from rehearsal.ecommerce.coupons.models import Coupon


@admin.register(Coupon)
class CouponAdmin(admin.ModelAdmin):
    list_display = ("product", "client", "category")
    raw_id_fields = ("product",)
