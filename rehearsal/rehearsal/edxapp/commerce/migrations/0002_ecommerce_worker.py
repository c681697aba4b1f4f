"""The shop's user, as the platform makes it: an address of no use, and no profile."""

from django.contrib.auth.hashers import make_password
from django.db import migrations


def make(apps, schema_editor):
    User = apps.get_model("auth", "User")
    User.objects.get_or_create(
        username="ecommerce_worker",
        defaults={"email": "ecommerce_worker@fake.email", "password": make_password(None)},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("commerce", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
