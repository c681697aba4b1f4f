"""Orders and refunds."""

from typing import Any

from django.db.models import QuerySet
from oscar.core.loading import get_model
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rehearsal.ecommerce.api.permissions import STAFF
from rehearsal.ecommerce.api.products import ProductSerializer
from rehearsal.ecommerce.api.requests import body_of
from rehearsal.ecommerce.checkout.fulfilment import COMPLETE, fulfill
from rehearsal.ecommerce.core.models import User
from rehearsal.ecommerce.core.sites import configuration_of
from rehearsal.ecommerce.refunds.models import Refund, RefundLine
from rehearsal.ecommerce.refunds.process import approve, deny, request_refunds, settle_free

Order = get_model("order", "Order")
Line = get_model("order", "Line")


class LineSerializer(serializers.ModelSerializer):
    product = ProductSerializer(read_only=True)

    class Meta:
        model = Line
        fields = (
            *("title", "quantity", "description", "status", "line_price_excl_tax"),
            *("unit_price_excl_tax", "product"),
        )

    description = serializers.CharField(source="title", read_only=True)


class OrderSerializer(serializers.ModelSerializer):
    date_placed = serializers.DateTimeField(read_only=True)
    discount = serializers.SerializerMethodField()
    lines = LineSerializer(many=True, read_only=True)
    payment_processor = serializers.SerializerMethodField()
    user = serializers.SerializerMethodField()
    vouchers = serializers.SerializerMethodField()

    class Meta:
        model = Order
        fields = (
            *("number", "status", "currency", "date_placed", "discount", "lines"),
            *("payment_processor", "total_excl_tax", "user", "vouchers"),
        )

    def get_discount(self, order: Any) -> str:
        return str(sum((row.amount for row in order.discounts.all()), start=0))

    def get_payment_processor(self, order: Any) -> str | None:
        source = order.sources.first()
        return source.source_type.name if source else None

    def get_user(self, order: Any) -> dict[str, str] | None:
        user = order.user
        return {"username": user.username, "email": user.email} if user else None

    def get_vouchers(self, order: Any) -> list[str]:
        return [row.voucher_code for row in order.discounts.all() if row.voucher_code]


class Orders(viewsets.ReadOnlyModelViewSet):
    """Orders of the caller; for staff, all orders of the partner."""

    serializer_class = OrderSerializer
    queryset = Order.objects.order_by("-date_placed")
    lookup_field = "number"

    def get_queryset(self) -> QuerySet[Any]:
        orders = self.queryset.filter(site=configuration_of(self.request).site)
        if not self.request.user.is_staff:
            return orders.filter(user=self.request.user)
        username = self.request.query_params.get("username")
        return orders.filter(user__username=username) if username else orders

    @action(detail=True, methods=["put", "patch"], permission_classes=STAFF)
    def fulfill(self, _request: Request, number: str) -> Response:
        """Fulfill the rest of an order. Answer 406 if there is none, 500 if it fails again."""
        order = self.get_object()
        if order.status == COMPLETE:
            return Response(status=status.HTTP_406_NOT_ACCEPTABLE)
        done = fulfill(order)
        failed = status.HTTP_500_INTERNAL_SERVER_ERROR
        return Response(self.get_serializer(order).data, status.HTTP_200_OK if done else failed)


class RefundLineSerializer(serializers.ModelSerializer):
    class Meta:
        model = RefundLine
        fields = ("id", "order_line", "line_credit_excl_tax", "quantity")


class RefundSerializer(serializers.ModelSerializer):
    lines = RefundLineSerializer(many=True, read_only=True)
    order = serializers.CharField(source="order.number", read_only=True)

    class Meta:
        model = Refund
        fields = ("id", "order", "user", "total_credit_excl_tax", "currency", "status", "lines")


class Refunds(APIView):
    def post(self, request: Request) -> Response:
        """Create refunds for `username` in `course_id`. Answer with their ids; 200 if none."""
        body = body_of(request)
        username = body.get("username") or ""
        if username != request.user.get_username() and not request.user.is_staff:
            raise PermissionDenied
        user = User.objects.filter(username=username).first()
        if user is None:
            raise ParseError(f'User "{username}" does not exist.')
        if not body.get("course_id"):
            raise ParseError("No course_id specified.")
        made = request_refunds(user, body["course_id"])
        settle_free(made)
        done = status.HTTP_201_CREATED if made else status.HTTP_200_OK
        return Response([refund.pk for refund in made], done)


class RefundProcess(APIView):
    permission_classes = STAFF

    def put(self, request: Request, pk: int) -> Response:
        """Do `action` (approve, approve_payment_only, deny). Answer 500 if it fails."""
        actions = {
            "approve": approve,
            "approve_payment_only": lambda refund: approve(refund, revoke=False),
            "deny": deny,
        }
        chosen = str(body_of(request).get("action"))
        if chosen not in actions:
            raise ParseError(f"action must be one of {', '.join(actions)}.")
        refund = Refund.objects.filter(pk=pk).first()
        if refund is None:
            return Response({"detail": "Not found."}, status.HTTP_404_NOT_FOUND)
        done = actions[chosen](refund)
        failed = status.HTTP_500_INTERNAL_SERVER_ERROR
        return Response(RefundSerializer(refund).data, status.HTTP_200_OK if done else failed)
