"""Courses, and their publication together with their seats."""

import re
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rehearsal.ecommerce.api.permissions import STAFF
from rehearsal.ecommerce.api.products import ProductSerializer
from rehearsal.ecommerce.api.requests import body_of
from rehearsal.ecommerce.core.sites import configuration_of
from rehearsal.ecommerce.courses.models import Course
from rehearsal.ecommerce.courses.publication import NotPublished, publish
from rehearsal.ecommerce.courses.seats import SEAT, mode_of, put_seat, seats_of

COURSE_ID = re.compile(r"[^/+]+(/|\+)[^/+]+(/|\+)[^/?+]+")


def course_id(value: str) -> None:
    """Raise ValidationError for what names no course run."""
    if not COURSE_ID.fullmatch(value):
        raise serializers.ValidationError(f"{value} is not a valid course ID.")


class CourseSerializer(serializers.ModelSerializer):
    id = serializers.CharField(max_length=255, validators=[course_id])
    url = serializers.HyperlinkedIdentityField(view_name="course-detail")
    type = serializers.SerializerMethodField()
    products_url = serializers.SerializerMethodField()
    last_edited = serializers.DateTimeField(source="modified", read_only=True)
    products = serializers.SerializerMethodField()

    class Meta:
        model = Course
        fields = (
            *("id", "url", "name", "verification_deadline", "type", "products_url"),
            *("last_edited", "products"),
        )

    def to_representation(self, instance: Course) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if "include_products" not in self.context["request"].query_params:
            shown.pop("products")
        return shown

    def get_type(self, course: Course) -> str:
        modes = [mode_of(seat) for seat in seats_of(course)]
        return modes[-1] if modes else "audit"

    def get_products_url(self, course: Course) -> str:
        return str(
            self.context["request"].build_absolute_uri(f"/api/v2/courses/{course.id}/products/")
        )

    def get_products(self, course: Course) -> Any:
        return ProductSerializer(
            course.products.order_by("id"), many=True, context=self.context
        ).data


class Courses(viewsets.ModelViewSet):
    """Courses, with their products if `include_products` is set. None can be deleted."""

    permission_classes = STAFF
    serializer_class = CourseSerializer
    queryset = Course.objects.all()
    lookup_value_regex = COURSE_ID.pattern
    http_method_names = ["get", "post", "put", "patch", "head", "options"]  # noqa: RUF012

    def get_queryset(self) -> QuerySet[Course]:
        return self.queryset.filter(partner=configuration_of(self.request).partner)

    def perform_create(self, serializer: Any) -> None:
        serializer.save(partner=configuration_of(self.request).partner)


class ProductsOfCourse(APIView):
    permission_classes = STAFF

    def get(self, request: Request, key: str) -> Response:
        course = Course.objects.filter(pk=key, partner=configuration_of(request).partner).first()
        products = course.products.order_by("id") if course else []
        shown = ProductSerializer(products, many=True, context={"request": request}).data
        return Response({"count": len(shown), "next": None, "previous": None, "results": shown})


class PublicationSerializer(serializers.Serializer):
    """A course with all its seats, as the publication takes it."""

    id = serializers.CharField(max_length=255, validators=[course_id])
    name = serializers.CharField(max_length=255)
    verification_deadline = serializers.DateTimeField(required=False, allow_null=True)
    products = serializers.ListField(child=serializers.DictField())

    def validate_products(self, products: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [seat_of(product) for product in products]


class SeatSerializer(serializers.Serializer):
    price = serializers.DecimalField(max_digits=12, decimal_places=2, min_value=Decimal(0))
    expires = serializers.DateTimeField(required=False, allow_null=True)
    certificate_type = serializers.CharField(required=False, allow_blank=True, allow_null=True)
    id_verification_required = serializers.BooleanField()


def seat_of(product: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `put_seat` for a product in a request, or raise ValidationError."""
    kind = product.get("product_class")
    if kind != SEAT:
        raise serializers.ValidationError(f"Invalid product class [{kind}] requested.")
    values = {row["name"]: row["value"] for row in product.get("attribute_values") or []}
    if "id_verification_required" not in values:
        raise serializers.ValidationError(
            "Products must indicate whether ID verification is required."
        )
    if product.get("price") is None:
        raise serializers.ValidationError("Products must have a price.")
    seat = SeatSerializer(
        data={
            "price": product["price"],
            "expires": product.get("expires"),
            "certificate_type": values.get("certificate_type"),
            "id_verification_required": values["id_verification_required"],
        }
    )
    seat.is_valid(raise_exception=True)
    fields = seat.validated_data
    return {
        "price": fields["price"],
        "expires": fields.get("expires"),
        "certificate_type": fields.get("certificate_type") or "",
        "id_verification_required": fields["id_verification_required"],
    }


class Publication(APIView):
    """Publication of a course with its products. If the LMS refuses it, nothing is saved."""

    permission_classes = STAFF

    def post(self, request: Request) -> Response:
        return self.save(request, request.data, status.HTTP_201_CREATED)

    def put(self, request: Request, key: str) -> Response:
        return self.save(request, {**body_of(request), "id": key}, status.HTTP_200_OK)

    def save(self, request: Request, data: Any, done: int) -> Response:
        sent = PublicationSerializer(data=data)
        sent.is_valid(raise_exception=True)
        fields, site = sent.validated_data, configuration_of(request)
        try:
            with transaction.atomic():
                course, _made = Course.objects.update_or_create(
                    pk=fields["id"],
                    defaults={
                        "name": fields["name"],
                        "partner": site.partner,
                        "verification_deadline": fields.get("verification_deadline"),
                    },
                )
                for seat in fields["products"]:
                    put_seat(course, **seat)
                publish(course, site)
        except NotPublished as error:
            return Response({"error": str(error)}, status.HTTP_500_INTERNAL_SERVER_ERROR)
        return Response(data, done)
