import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("course_modes", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CourseModeTarget",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="course_modes.coursemode"
                    ),
                ),
            ],
        ),
    ]
