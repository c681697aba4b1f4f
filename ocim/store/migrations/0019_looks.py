import django.db.models.deletion
from django.db import migrations, models

import ocim.store.fields


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0018_leave_no_plain_texts"),
    ]

    operations = [
        migrations.AddField(
            model_name="openedxappserver",
            name="healthy_since",
            field=models.DateTimeField(
                help_text="While it is active: since when every look found it well.", null=True
            ),
        ),
        migrations.AddField(
            model_name="openedxappserver",
            name="unhealthy_reason",
            field=ocim.store.fields.EncryptedTextField(
                blank=True, help_text="What the last look found wrong."
            ),
        ),
        migrations.AddField(
            model_name="openedxappserver",
            name="unhealthy_since",
            field=models.DateTimeField(help_text="… or since when none did.", null=True),
        ),
        migrations.AddField(
            model_name="server",
            name="is_stopped",
            field=models.BooleanField(
                default=False,
                help_text="Ocim was told to stop it; it is not started again by itself.",
            ),
        ),
        migrations.CreateModel(
            name="AppServerEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "told",
                    models.JSONField(
                        default=list, help_text="Addresses that have been sent a notice."
                    ),
                ),
                (
                    "told_at",
                    models.DateTimeField(
                        help_text="When all of them were, or were given up.", null=True
                    ),
                ),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(default=0, help_text="To send notices."),
                ),
                (
                    "not_before",
                    models.DateTimeField(help_text="When the next one may be made.", null=True),
                ),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("is restarted", "is restarted"),
                            ("answers again", "answers again"),
                            ("is replaced by its fallback", "is replaced by its fallback"),
                            ("does not answer", "does not answer"),
                            ("is not restarted any more", "is not restarted any more"),
                            ("answers that it is not well", "answers that it is not well"),
                        ],
                        max_length=40,
                    ),
                ),
                ("reason", ocim.store.fields.EncryptedTextField(blank=True)),
                (
                    "appserver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="store.openedxappserver",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        help_text="What did it.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="store.job",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("job", "kind"), name="an_appserver_event_once_in_a_job"
                    )
                ],
            },
        ),
    ]
