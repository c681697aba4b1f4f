"""The switches that the real service comes with, and the user its worker calls as."""

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import migrations

SWITCHES = {
    "publish_course_modes_to_lms": True,
    "payment_processor_active_paypal": True,
    "payment_processor_active_stripe": True,
    "payment_processor_active_test-card": True,
}


def make(apps, schema_editor):
    for name, active in SWITCHES.items():
        apps.get_model("waffle", "Switch").objects.get_or_create(
            name=name, defaults={"active": active}
        )
    apps.get_model("waffle", "Sample").objects.get_or_create(
        name="async_order_fulfillment",
        defaults={"percent": 0, "note": "How many of 100 orders the worker fulfils."},
    )
    apps.get_model("core", "User").objects.get_or_create(
        username="ecommerce_worker",
        defaults={"is_staff": True, "password": make_password(None)},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_siteconfiguration"),
        ("waffle", "0004_update_everyone_nullbooleanfield"),
    ]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
