"""Look at the shop, and clean what a verification leaves; orders and refunds stay, as its books."""

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Q


def processors(arguments):
    """Return the names of processors that the site with this domain lists, and those switched on.

    The shop's API shows both as they were up to 30 minutes ago, since it keeps its answer.
    """
    sites = apps.get_model("core", "SiteConfiguration").objects
    configuration = sites.filter(site__domain__iexact=arguments["domain"]).first()
    listed = configuration.payment_processors if configuration else ""
    prefix = "payment_processor_active_"
    switches = apps.get_model("waffle", "Switch").objects
    on = switches.filter(active=True, name__startswith=prefix).values_list("name", flat=True)
    return {
        "listed": [name.strip() for name in listed.split(",") if name.strip()],
        "on": sorted(name[len(prefix) :] for name in on),
    }


def orders(arguments):
    """Return the order lines of a verification's buyers; `owed`: there is no refund yet."""
    lines = apps.get_model("order", "Line").objects.filter(
        order__user__username__startswith=arguments["prefix"] + "-"
    )
    refunded = apps.get_model("refund", "RefundLine").objects.values_list("order_line", flat=True)
    return [
        {
            "number": line.order.number,
            "username": line.order.user.username,
            "course": line.product.course_id if line.product else None,
            "owed": line.pk not in set(refunded),
        }
        for line in lines.select_related("order__user", "product")
    ]


def clean(arguments):
    """Remove courses, seats, coupons, baskets and buyers; return their numbers, and the orders."""
    prefix, gone = arguments["prefix"], {}
    for name, objects in _ours(prefix):
        for row in objects:
            gone[name] = gone.get(name, 0) + 1
            row.delete()
    kept = apps.get_model("order", "Order").objects.filter(
        Q(user__username__startswith=prefix + "-") | Q(lines__title__startswith=prefix)
    )
    return {"gone": gone, "orders": sorted(set(kept.values_list("number", flat=True)))}


def _ours(prefix):
    """Yield names and rows, in an order in which the rows can be deleted."""
    courses = "course-v1:%s+" % prefix
    products = apps.get_model("catalogue", "Product").objects
    # The shop makes up the codes, so they are found by their coupons, which are products.
    coupons = apps.get_model("voucher", "CouponVouchers").objects.filter(
        coupon__title__startswith=prefix
    )
    vouchers = apps.get_model("voucher", "Voucher").objects.filter(coupon_vouchers__in=coupons)
    offers = apps.get_model("offer", "ConditionalOffer").objects.filter(vouchers__in=vouchers)
    ranges = [offer.benefit.range for offer in offers if offer.benefit.range_id]
    catalogs = {getattr(chosen, "catalog", None) for chosen in ranges} - {None}
    gone = [list(offers.distinct()), list(vouchers.distinct())]
    # Ranges take conditions along, without which the real shop cannot delete an offer.
    yield "offers", gone[0]
    yield "ranges", sorted(set(ranges), key=lambda row: row.pk)
    yield "catalogs", list(catalogs)
    yield "codes", gone[1]
    ours = Q(course__id__startswith=courses) | Q(title__startswith=prefix)
    buyers = get_user_model().objects.filter(username__startswith=prefix + "-")
    baskets = apps.get_model("basket", "Basket").objects.filter(owner__in=buyers)
    yield "baskets", list(baskets.filter(order=None))
    yield "seats", list(products.filter(ours, structure="child"))
    yield "products", list(products.filter(ours))
    yield (
        "courses",
        list(apps.get_model("courses", "Course").objects.filter(pk__startswith=courses)),
    )
    yield "users", list(buyers.filter(orders=None))
