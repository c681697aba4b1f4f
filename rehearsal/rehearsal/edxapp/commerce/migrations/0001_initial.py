import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CommerceConfiguration",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("change_date", models.DateTimeField(auto_now_add=True)),
                ("enabled", models.BooleanField(default=False)),
                (
                    "checkout_on_ecommerce_service",
                    models.BooleanField(
                        default=False, help_text="Use the checkout page of the e-commerce service."
                    ),
                ),
                (
                    "cache_ttl",
                    models.PositiveIntegerField(default=0, verbose_name="cache time to live"),
                ),
                (
                    "receipt_page",
                    models.CharField(default="/checkout/receipt/?order_number=", max_length=255),
                ),
                ("enable_automatic_refund_approval", models.BooleanField(default=True)),
                (
                    "basket_checkout_page",
                    models.CharField(
                        db_column="basket_checkout_page",
                        default="/basket/add/",
                        help_text="Path of the checkout page of the e-commerce service.",
                        max_length=255,
                    ),
                ),
                (
                    "changed_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-change_date", "-pk"),
            },
        ),
    ]
