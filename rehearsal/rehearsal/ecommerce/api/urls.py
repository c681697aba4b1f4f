from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from rehearsal.ecommerce.api import baskets, coupons, courses, orders, products

router = SimpleRouter()
router.register("courses", courses.Courses, "course")
router.register("products", products.Products, "product")
router.register("stockrecords", products.StockRecords, "stockrecord")
router.register("partners", products.Partners, "partner")
router.register("coupons", coupons.Coupons, "coupon")
router.register("orders", orders.Orders, "order")

COURSE = rf"(?P<key>{courses.COURSE_ID.pattern})"
urlpatterns = [
    path("publication/", courses.Publication.as_view()),
    re_path(rf"^publication/{COURSE}/?$", courses.Publication.as_view()),
    re_path(rf"^courses/{COURSE}/products/$", courses.ProductsOfCourse.as_view()),
    path("coupons/categories/", coupons.Categories.as_view()),
    path("coupons/coupon_reports/<int:pk>/", coupons.CouponReport.as_view()),
    path("baskets/", baskets.Baskets.as_view()),
    path("baskets/calculate/", baskets.Calculate.as_view()),
    path("baskets/<int:pk>/order/", baskets.OrderOfBasket.as_view()),
    path("checkout/", baskets.Checkout.as_view()),
    path("payment/processors/", baskets.Processors.as_view()),
    path("refunds/", orders.Refunds.as_view()),
    path("refunds/<int:pk>/process/", orders.RefundProcess.as_view()),
    path("", include(router.urls)),
]
