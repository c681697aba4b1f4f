"""Products, stock records and partners."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from oscar.core.loading import get_model
from rest_framework import serializers, viewsets
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin, UpdateModelMixin

from rehearsal.ecommerce.api.permissions import STAFF
from rehearsal.ecommerce.catalogue.models import Product
from rehearsal.ecommerce.core.sites import configuration_of
from rehearsal.ecommerce.partner.models import Partner

StockRecord = get_model("partner", "StockRecord")


class StockRecordSerializer(serializers.ModelSerializer):
    price_excl_tax = serializers.DecimalField(
        source="price", max_digits=12, decimal_places=2, min_value=0
    )

    class Meta:
        model = StockRecord
        fields = (
            *("id", "product", "partner", "partner_sku", "price_currency"),
            *("price", "price_excl_tax"),
        )
        read_only_fields = ("id", "product", "partner", "partner_sku")

    def get_fields(self) -> dict[str, serializers.Field]:
        """Return the fields of the release: redwood renamed `price_excl_tax` to `price`."""
        fields: dict[str, serializers.Field] = super().get_fields()
        del fields["price" if settings.RELEASE.before("redwood") else "price_excl_tax"]
        return fields


class ProductSerializer(serializers.ModelSerializer):
    url = serializers.HyperlinkedIdentityField(view_name="product-detail")
    product_class = serializers.SerializerMethodField()
    attribute_values = serializers.SerializerMethodField()
    price = serializers.SerializerMethodField()
    is_available_to_buy = serializers.SerializerMethodField()
    stockrecords = StockRecordSerializer(many=True, read_only=True)

    class Meta:
        model = Product
        fields = (
            *("id", "url", "structure", "product_class", "title", "price", "expires"),
            *("attribute_values", "is_available_to_buy", "stockrecords"),
        )

    def get_product_class(self, product: Product) -> str:
        return str(product.get_product_class().name)

    def get_attribute_values(self, product: Product) -> list[dict[str, Any]]:
        return [
            {"name": row.attribute.name, "code": row.attribute.code, "value": row.value}
            for row in product.attribute_values.select_related("attribute")
        ]

    def get_price(self, product: Product) -> str | None:
        record = product.stockrecords.first()
        return str(record.price) if record else None

    def get_is_available_to_buy(self, product: Product) -> bool:
        return bool(product.structure != Product.PARENT and product.stockrecords.exists())


class Products(viewsets.ReadOnlyModelViewSet):
    """`product_class`, `structure` and `title` narrow the list."""

    permission_classes = STAFF
    serializer_class = ProductSerializer
    queryset = Product.objects.order_by("id")

    def get_queryset(self) -> QuerySet[Product]:
        partner = configuration_of(self.request).partner
        products = self.queryset.filter(course__partner=partner) | self.queryset.filter(
            stockrecords__partner=partner
        )
        asked = self.request.query_params
        if kind := asked.get("product_class"):
            products = products.filter(product_class__name=kind) | products.filter(
                parent__product_class__name=kind
            )
        if structure := asked.get("structure"):
            products = products.filter(structure=structure)
        if title := asked.get("title"):
            products = products.filter(title__icontains=title)
        return products.distinct()


class StockRecords(ListModelMixin, RetrieveModelMixin, UpdateModelMixin, viewsets.GenericViewSet):
    """Stock records, whose price and currency can change. The next publication tells the LMS."""

    permission_classes = STAFF
    serializer_class = StockRecordSerializer
    queryset = StockRecord.objects.order_by("id")
    http_method_names = ["get", "put", "patch", "head", "options"]  # noqa: RUF012

    def get_queryset(self) -> QuerySet[Any]:
        return self.queryset.filter(partner=configuration_of(self.request).partner)


class PartnerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Partner
        fields = ("id", "name", "short_code")


class Partners(viewsets.ReadOnlyModelViewSet):
    permission_classes = STAFF
    serializer_class = PartnerSerializer
    queryset = Partner.objects.order_by("id")
