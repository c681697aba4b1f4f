import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="CourseOverview",
            fields=[
                (
                    "id",
                    models.CharField(
                        editable=False, max_length=255, primary_key=True, serialize=False
                    ),
                ),
                (
                    "org",
                    models.CharField(
                        max_length=80,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[\\w.~-]+\\Z", "Letters, digits, and . _ ~ - only."
                            )
                        ],
                        verbose_name="organization",
                    ),
                ),
                (
                    "number",
                    models.CharField(
                        max_length=80,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[\\w.~-]+\\Z", "Letters, digits, and . _ ~ - only."
                            )
                        ],
                        verbose_name="course number",
                    ),
                ),
                (
                    "run",
                    models.CharField(
                        max_length=80,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[\\w.~-]+\\Z", "Letters, digits, and . _ ~ - only."
                            )
                        ],
                        verbose_name="course run",
                    ),
                ),
                ("display_name", models.CharField(max_length=255, verbose_name="name")),
                ("short_description", models.TextField(blank=True, default="")),
                ("start", models.DateTimeField(blank=True, null=True)),
                ("end", models.DateTimeField(blank=True, null=True)),
                ("enrollment_start", models.DateTimeField(blank=True, null=True)),
                ("enrollment_end", models.DateTimeField(blank=True, null=True)),
                ("self_paced", models.BooleanField(default=False)),
                ("invitation_only", models.BooleanField(default=False)),
                ("published", models.BooleanField(default=False)),
                (
                    "verification_deadline",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("modified", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ("id",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("org", "number", "run"),
                        name="course_key",
                        violation_error_message="There is a course of this organization, number and run.",
                    )
                ],
            },
        ),
    ]
