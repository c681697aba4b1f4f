"""Rollouts: plans, progress and results."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from ocim.core.states import RolloutEventKind, RolloutState, SqlState, StepState, UpgradeState
from ocim.store.fields import EncryptedJSONField, EncryptedTextField
from ocim.store.models.constraints import choices, only
from ocim.store.models.instance import OpenEdXInstance
from ocim.store.models.job import Job
from ocim.store.models.notice import NoticedEvent


class Rollout(models.Model):
    """A rollout. Workers drive it; commands only show it."""

    tag = models.CharField(
        max_length=93,
        help_text="Tag of instances whose upgrade succeeded; the others get it with -failed.",
    )
    state = models.CharField(
        max_length=10,
        choices=choices(RolloutState),
        default=RolloutState.RUNNING.value,
    )
    reason = EncryptedTextField(blank=True, help_text="Reason why it is paused or was ended early.")
    arguments = EncryptedJSONField(
        help_text="Options as the operator passed them, with the content of files."
    )
    rules = models.JSONField()
    update = EncryptedJSONField(
        default=dict, help_text="Instance fields to change before new app servers are created."
    )
    sql = EncryptedJSONField(default=list)
    strict_sql = models.BooleanField(default=False)
    backup = models.BooleanField(default=False, help_text="Dump the databases before the upgrade.")
    activate = models.BooleanField(default=True)
    plan_hash = models.CharField(max_length=64)
    queue = models.CharField(max_length=60)
    approved_wave = models.PositiveIntegerField(default=0)
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    started_by = models.CharField(
        max_length=300, blank=True, help_text="User and machine that ran the command."
    )
    created = models.DateTimeField(auto_now_add=True)
    begins_at = models.DateTimeField(
        default=timezone.now, help_text="Time at which it began or, if it is scheduled, begins."
    )
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (only(RolloutState, name="known_rollout_state"),)

    def __str__(self) -> str:
        return f"rollout {self.pk} ({self.tag})"


class Upgrade(models.Model):
    """An instance's part in a rollout. It stays when the instance is deleted."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="upgrades")
    instance = models.ForeignKey(OpenEdXInstance, null=True, on_delete=models.SET_NULL)
    label = models.CharField(
        max_length=500, help_text="Name, domain and id of the instance when the rollout began."
    )
    wave = models.PositiveIntegerField(default=0)
    state = models.CharField(
        max_length=12,
        choices=choices(UpgradeState),
        default=UpgradeState.PENDING.value,
    )
    step = models.CharField(max_length=30, blank=True, help_text="Current step, or the last one.")
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    before = EncryptedJSONField(default=dict, help_text="Old values of the fields that change.")
    after = EncryptedJSONField(default=dict, help_text="New values of these fields.")
    variables = EncryptedJSONField(
        default=list, help_text="Changes of the effective variables, with masked secrets."
    )
    dry_run = EncryptedJSONField(
        default=dict,
        help_text="Result of a dry run of the new release's migrations on copies of the databases,"
        " or (`like`) the id of the upgrade that has it.",
    )
    replaced = models.JSONField(
        default=list, help_text="Ids of the app servers that were active before."
    )
    appservers = models.JSONField(
        default=list, help_text="Ids of the app servers of the last attempt."
    )
    failure = EncryptedTextField(blank=True)
    cause = models.CharField(max_length=200, blank=True)
    forgiven = models.BooleanField(
        default=False, help_text="True if its failure no longer pauses the rollout."
    )
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    started_at = models.DateTimeField(null=True, help_text="Start of the last attempt.")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            only(UpgradeState, name="known_upgrade_state"),
            models.UniqueConstraint(
                fields=["rollout", "instance"], name="an_instance_once_in_a_rollout"
            ),
        )
        indexes = (models.Index(fields=["rollout", "state"], name="upgrade_state"),)

    def __str__(self) -> str:
        return self.label


class RolloutEvent(NoticedEvent):
    """An event of a rollout as a whole."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="events")
    created_at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=12, choices=choices(RolloutEventKind))
    reason = EncryptedTextField(blank=True)
    by = models.CharField(
        max_length=300, blank=True, help_text="User who caused it; empty: the rollout itself."
    )

    class Meta:
        constraints = (only(RolloutEventKind, field="kind", name="known_rollout_event_kind"),)

    def __str__(self) -> str:
        return f"{self.rollout_id} {self.kind}"


class UpgradeStep(models.Model):
    """A step of an instance's upgrade. Its row is written before the step begins."""

    upgrade = models.ForeignKey(Upgrade, on_delete=models.CASCADE, related_name="steps")
    attempt = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=30)
    state = models.CharField(
        max_length=12,
        choices=choices(StepState),
        default=StepState.RUNNING.value,
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (only(StepState, name="known_upgrade_step_state"),)

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"


class Backup(models.Model):
    """A dump of one of an instance's databases, made before the upgrade changed anything."""

    upgrade = models.ForeignKey(Upgrade, on_delete=models.CASCADE, related_name="backups")
    purpose = models.CharField(max_length=30, help_text="Purpose of the database: edxapp, …")
    name = models.CharField(max_length=500, help_text="Name of the database.")
    path = models.CharField(max_length=500)
    machine = models.CharField(max_length=100, blank=True, help_text="Machine that has the file.")
    size = models.BigIntegerField(help_text="Size of the dump in bytes.")
    seconds = models.FloatField(help_text="Duration of the dump in seconds.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["upgrade", "purpose"], name="a_backup_once_in_an_upgrade"
            ),
        )

    def __str__(self) -> str:
        return self.path


class SqlRun(models.Model):
    """A SQL statement for an instance. Its row is written first, so that it never runs twice."""

    upgrade = models.ForeignKey(Upgrade, on_delete=models.CASCADE, related_name="sql_runs")
    position = models.PositiveSmallIntegerField()
    statement = EncryptedTextField()
    state = models.CharField(
        max_length=12,
        choices=choices(SqlState),
        default=SqlState.INTENDED.value,
    )
    rows = models.IntegerField(null=True)
    seconds = models.FloatField(null=True)
    error = EncryptedTextField(blank=True)
    note = models.TextField(blank=True, help_text="Remark for the operator.")

    class Meta:
        constraints = (
            only(SqlState, name="known_sql_run_state"),
            models.UniqueConstraint(
                fields=["upgrade", "position"], name="a_statement_once_in_an_upgrade"
            ),
        )

    def __str__(self) -> str:
        return f"{self.statement[:60]}: {self.state}"
