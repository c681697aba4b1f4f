import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("course_overviews", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CourseMode",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mode_slug", models.CharField(max_length=100, verbose_name="mode")),
                (
                    "mode_display_name",
                    models.CharField(max_length=255, verbose_name="display name"),
                ),
                ("min_price", models.PositiveIntegerField(default=0, verbose_name="price")),
                ("currency", models.CharField(default="usd", max_length=8)),
                ("suggested_prices", models.CharField(blank=True, default="", max_length=255)),
                (
                    "expiration_datetime",
                    models.DateTimeField(blank=True, null=True, verbose_name="upgrade deadline"),
                ),
                ("description", models.TextField(blank=True, null=True)),
                ("sku", models.CharField(blank=True, max_length=255, null=True)),
                ("bulk_sku", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="modes",
                        to="course_overviews.courseoverview",
                    ),
                ),
            ],
            options={
                "ordering": ("min_price", "mode_slug"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("course", "mode_slug"), name="one_mode_per_course"
                    )
                ],
            },
        ),
    ]
