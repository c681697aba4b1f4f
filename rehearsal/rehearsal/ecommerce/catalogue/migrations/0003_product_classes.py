"""What is sold: seats in courses, and coupons; and what other services ask for by name."""

from django.db import migrations

SEAT = {
    "course_key": "text",
    "certificate_type": "text",
    "id_verification_required": "boolean",
}


def make(apps, schema_editor):
    kinds = apps.get_model("catalogue", "ProductClass").objects
    for name in ("Seat", "Coupon", "Enrollment Code", "Course Entitlement"):
        kind, _ = kinds.get_or_create(
            name=name,
            defaults={
                "slug": name.lower().replace(" ", "_"),
                "requires_shipping": False,
                "track_stock": False,
            },
        )
        if name == "Seat":
            for code, type_ in SEAT.items():
                kind.attributes.get_or_create(
                    code=code, defaults={"name": code, "type": type_, "required": False}
                )


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0002_product")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
