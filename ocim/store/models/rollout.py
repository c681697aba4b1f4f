"""Rollouts: what was planned, and what became of it."""

from django.conf import settings
from django.db import models

from ocim.core.states import RolloutEventKind, RolloutState, SqlState, StepState, UpgradeState
from ocim.store.fields import EncryptedJSONField, EncryptedTextField
from ocim.store.models.constraints import choices, only
from ocim.store.models.instance import OpenEdXInstance
from ocim.store.models.job import Job
from ocim.store.models.notice import NoticedEvent


class Rollout(models.Model):
    """One rollout. Workers drive it; commands only look at it."""

    tag = models.CharField(max_length=93, help_text="Marks what succeeded; -failed the rest.")
    state = models.CharField(
        max_length=10,
        choices=choices(RolloutState),
        default=RolloutState.RUNNING.value,
    )
    reason = EncryptedTextField(blank=True, help_text="Why it does not go on.")
    arguments = EncryptedJSONField(help_text="As they were given, documents in full.")
    rules = models.JSONField()
    update = EncryptedJSONField(
        default=dict, help_text="Fields to set before app servers are made."
    )
    sql = EncryptedJSONField(default=list)
    strict_sql = models.BooleanField(default=False)
    backup = models.BooleanField(default=False, help_text="Dump the databases before.")
    activate = models.BooleanField(default=True)
    plan_hash = models.CharField(max_length=64)
    queue = models.CharField(max_length=60)
    approved_wave = models.PositiveIntegerField(default=0)
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    started_by = models.CharField(
        max_length=300, blank=True, help_text="Who typed the command, and on which machine."
    )
    created = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (only(RolloutState, name="known_rollout_state"),)

    def __str__(self) -> str:
        return f"rollout {self.pk} ({self.tag})"


class Upgrade(models.Model):
    """One instance's part in a rollout; it stays when the instance is deleted."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="upgrades")
    instance = models.ForeignKey(OpenEdXInstance, null=True, on_delete=models.SET_NULL)
    label = models.CharField(max_length=500, help_text="Name, domain and id, as they were.")
    wave = models.PositiveIntegerField(default=0)
    state = models.CharField(
        max_length=12,
        choices=choices(UpgradeState),
        default=UpgradeState.PENDING.value,
    )
    step = models.CharField(max_length=30, blank=True, help_text="What it is at, or ended at.")
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    before = EncryptedJSONField(default=dict, help_text="The fields that change, as they were.")
    after = EncryptedJSONField(default=dict, help_text="… and as they are to be.")
    variables = EncryptedJSONField(
        default=list, help_text="What changes in the effective variables; secrets masked."
    )
    dry_run = EncryptedJSONField(
        default=dict,
        help_text="What the new release's migrations did to copies of the databases, or (`like`)"
        " which other upgrade saw that.",
    )
    replaced = models.JSONField(default=list, help_text="App servers that were active before.")
    appservers = models.JSONField(default=list, help_text="Those of the last attempt.")
    failure = EncryptedTextField(blank=True)
    cause = models.CharField(max_length=200, blank=True)
    forgiven = models.BooleanField(default=False, help_text="Its failure stops nothing any more.")
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    started_at = models.DateTimeField(null=True, help_text="The last attempt.")
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
    """Something that happened to a rollout as a whole."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=12, choices=choices(RolloutEventKind))
    reason = EncryptedTextField(blank=True)
    by = models.CharField(max_length=300, blank=True, help_text="Empty: the rollout itself.")

    class Meta:
        constraints = (only(RolloutEventKind, field="kind", name="known_rollout_event_kind"),)

    def __str__(self) -> str:
        return f"{self.rollout_id} {self.kind}"


class UpgradeStep(models.Model):
    """A step of one instance's upgrade: written down before it is begun, and when it has ended."""

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
    """A dump of one of an instance's databases, made before anything was changed."""

    upgrade = models.ForeignKey(Upgrade, on_delete=models.CASCADE, related_name="backups")
    purpose = models.CharField(max_length=30, help_text="What the database is for: edxapp, …")
    name = models.CharField(max_length=500, help_text="The database's.")
    path = models.CharField(max_length=500)
    size = models.BigIntegerField(help_text="Of the dump, in bytes.")
    seconds = models.FloatField(help_text="How long it took.")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["upgrade", "purpose"], name="a_backup_once_in_an_upgrade"
            ),
        )

    def __str__(self) -> str:
        return self.path


class SqlRun(models.Model):
    """One statement on one instance: written down before it runs, so that it never runs twice."""

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
    note = models.TextField(blank=True, help_text="What else is to be known of it.")

    class Meta:
        constraints = (
            only(SqlState, name="known_sql_run_state"),
            models.UniqueConstraint(
                fields=["upgrade", "position"], name="a_statement_once_in_an_upgrade"
            ),
        )

    def __str__(self) -> str:
        return f"{self.statement[:60]}: {self.state}"
