from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0020_repository_rules")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="step",
            field=models.CharField(blank=True, help_text="What it is at.", max_length=40),
        ),
        migrations.AddField(
            model_name="job",
            name="step_at",
            field=models.DateTimeField(help_text="When that was begun.", null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="seen_at",
            field=models.DateTimeField(
                help_text="When its thread last asked whether it shall end.", null=True
            ),
        ),
        migrations.AddField(
            model_name="sqlrun",
            name="note",
            field=models.TextField(blank=True, help_text="What else is to be known of it."),
        ),
        migrations.AlterField(
            model_name="sqlrun",
            name="state",
            field=models.CharField(
                choices=[
                    ("intended", "intended"),
                    ("open", "open"),
                    ("done", "done"),
                    ("rolled back", "rolled back"),
                    ("failed", "failed"),
                ],
                default="intended",
                max_length=12,
            ),
        ),
    ]
