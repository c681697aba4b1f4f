"""Coupons and their codes."""

import csv
from decimal import Decimal
from typing import Any

from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpResponse
from oscar.core.loading import get_model
from rest_framework import serializers, viewsets
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rehearsal.ecommerce.api.permissions import STAFF
from rehearsal.ecommerce.api.requests import caller
from rehearsal.ecommerce.catalogue.models import Product
from rehearsal.ecommerce.core.sites import configuration_of
from rehearsal.ecommerce.coupons.create import (
    CATEGORIES,
    Benefit,
    Voucher,
    Wanted,
    create_coupon,
    order_coupon,
    seats_of,
)
from rehearsal.ecommerce.coupons.models import Coupon

StockRecord = get_model("partner", "StockRecord")
HUNDRED = Decimal(100)


class WantedSerializer(serializers.Serializer):
    title = serializers.CharField(max_length=255)
    client = serializers.CharField(max_length=255, required=False, allow_blank=True, default="")
    category = serializers.DictField()
    note = serializers.CharField(required=False, allow_blank=True, allow_null=True, default="")
    benefit_type = serializers.ChoiceField([Benefit.PERCENTAGE, Benefit.FIXED])
    benefit_value = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=Decimal("0.01")
    )
    voucher_type = serializers.ChoiceField(
        [Voucher.SINGLE_USE, Voucher.MULTI_USE, Voucher.ONCE_PER_CUSTOMER]
    )
    code = serializers.RegexField(r"^\w{0,16}$", required=False, allow_blank=True, default="")
    quantity = serializers.IntegerField(min_value=1, max_value=1000, default=1)
    max_uses = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)
    start_datetime = serializers.DateTimeField()
    end_datetime = serializers.DateTimeField()
    price = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=Decimal(0), default=Decimal(0)
    )
    stock_record_ids = serializers.ListField(child=serializers.IntegerField(), allow_empty=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        faults = {}
        if attrs["benefit_type"] == Benefit.PERCENTAGE and attrs["benefit_value"] > HUNDRED:
            faults["benefit_value"] = "At most 100 percent."
        if attrs["end_datetime"] <= attrs["start_datetime"]:
            faults["end_datetime"] = "It has to come after the start."
        if attrs["code"] and attrs["quantity"] > 1:
            faults["quantity"] = "There can be one voucher of a code."
        if attrs["code"] and Voucher.objects.filter(code=attrs["code"].upper()).exists():
            faults["code"] = f"A coupon with code {attrs['code']} already exists."
        if attrs["max_uses"] and attrs["voucher_type"] == Voucher.SINGLE_USE:
            faults["max_uses"] = "Single use vouchers are used once."
        if faults:
            raise serializers.ValidationError(faults)
        return attrs


class CouponSerializer(serializers.ModelSerializer):
    id = serializers.IntegerField(source="product_id")
    title = serializers.CharField(source="product.title")

    class Meta:
        model = Coupon
        fields = ("id", "title", "client", "category", "note", "max_uses")

    def to_representation(self, instance: Coupon) -> dict[str, Any]:
        vouchers = list(instance.vouchers.order_by("pk"))
        first = vouchers[0]
        benefit = first.offers.first().benefit
        full = benefit.type == Benefit.PERCENTAGE and benefit.value == HUNDRED
        return {
            **super().to_representation(instance),
            "category": {"name": instance.category},
            "coupon_type": "Enrollment code" if full else "Discount code",
            "benefit_type": benefit.type,
            "benefit_value": float(benefit.value),
            "voucher_type": first.usage,
            "quantity": len(vouchers),
            "code": first.code if len(vouchers) == 1 else None,
            "code_status": "ACTIVE" if first.is_active() else "INACTIVE",
            "num_uses": sum(voucher.num_orders for voucher in vouchers),
            "start_date": first.start_datetime,
            "end_date": first.end_datetime,
            "price": str(instance.product.stockrecords.get().price),
            "seats": [product.title for product in seats_of(instance)],
        }


class Coupons(viewsets.ModelViewSet):
    """Known by the id of the product that a coupon is."""

    permission_classes = STAFF
    serializer_class = CouponSerializer
    queryset = Coupon.objects.order_by("-pk")
    lookup_field = "product_id"
    lookup_url_kwarg = "pk"
    lookup_value_regex = r"\d+"
    http_method_names = ["get", "post", "delete", "head", "options"]  # noqa: RUF012

    def get_queryset(self) -> QuerySet[Coupon]:
        partner = configuration_of(self.request).partner
        return self.queryset.filter(product__stockrecords__partner=partner)

    def create(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Create a coupon. Answer 200 with its id and that of its order."""
        sent = WantedSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        fields, site = sent.validated_data, configuration_of(request)
        category = fields["category"].get("name")
        if not category:
            raise ParseError("The category needs a name.")
        if category not in CATEGORIES:
            raise NotFound(f"There is no category {category}.")
        if is_free(fields) and fields["code"]:
            raise serializers.ValidationError(
                "Failed to create Voucher. Code may not be set for enrollment coupon."
            )
        seats = Product.objects.filter(
            stockrecords__in=fields["stock_record_ids"], stockrecords__partner=site.partner
        )
        if not seats:
            raise ParseError("No product has these stock records.")
        wanted = Wanted(
            title=fields["title"],
            client=fields["client"],
            category=category,
            note=fields["note"] or "",
            benefit_type=fields["benefit_type"],
            benefit_value=fields["benefit_value"],
            voucher_type=fields["voucher_type"],
            code=fields["code"],
            quantity=fields["quantity"],
            max_uses=fields["max_uses"],
            start=fields["start_datetime"],
            end=fields["end_datetime"],
            price=fields["price"],
            seats=tuple(seats),
        )
        try:
            coupon = create_coupon(wanted, site)
        except IntegrityError as error:
            raise ParseError(f"A coupon with code {wanted.code} already exists.") from error
        order = order_coupon(coupon, caller(request), site)
        return Response(
            {
                "payment_data": {"payment_processor_name": "Invoice"},
                "id": order.basket_id,
                "order": order.pk,
                "coupon_id": coupon.product_id,
            }
        )

    def perform_destroy(self, instance: Coupon) -> None:
        """Delete the coupon and its codes. Orders keep their discounts."""
        for voucher in list(instance.vouchers.all()):
            voucher.offers.all().delete()
            voucher.delete()
        instance.product.delete()


def is_free(fields: dict[str, Any]) -> bool:
    """Return True for a coupon of the whole price, which the real service calls one to enroll."""
    return bool(fields["benefit_type"] == Benefit.PERCENTAGE and fields["benefit_value"] == HUNDRED)


class Categories(APIView):
    permission_classes = STAFF

    def get(self, _request: Request) -> Response:
        rows = [{"id": number, "name": name} for number, name in enumerate(CATEGORIES, start=1)]
        return Response({"count": len(rows), "next": None, "previous": None, "results": rows})


class CouponReport(APIView):
    """Report of all codes of a coupon, as CSV."""

    permission_classes = STAFF

    def get(self, request: Request, pk: int) -> HttpResponse:
        partner = configuration_of(request).partner
        coupon = Coupon.objects.filter(product=pk, product__stockrecords__partner=partner).first()
        if coupon is None:
            raise NotFound
        answer = HttpResponse(content_type="text/csv")
        rows = csv.writer(answer)
        rows.writerow(["Code", "Maximum Coupon Usage", "Redemption Count"])
        for voucher in coupon.vouchers.order_by("pk"):
            limit = 1 if voucher.usage == Voucher.SINGLE_USE else coupon.max_uses
            rows.writerow([voucher.code, limit, voucher.num_orders])
        return answer
