from django.db import models
from oscar.apps.catalogue.abstract_models import AbstractProduct


class Product(AbstractProduct):
    """A seat in a course, or a coupon."""

    course = models.ForeignKey(
        "courses.Course", null=True, blank=True, on_delete=models.CASCADE, related_name="products"
    )
    expires = models.DateTimeField(null=True, blank=True, help_text="When its sale ends.")


from oscar.apps.catalogue.models import *  # noqa: E402, F403 (oscar makes those that are not there)
