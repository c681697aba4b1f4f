"""Workers that report regularly that they are alive, and the turns of their periodic tasks."""

from django.db import models


class Turn(models.Model):
    """Last time when a periodic task ran, on any machine."""

    task = models.CharField(max_length=40, unique=True)
    taken_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.task


class Worker(models.Model):
    """A worker process. It renews `seen_at` while it runs."""

    name = models.CharField(max_length=100, unique=True)
    machine = models.CharField(max_length=100, help_text="Machine that it runs on.")
    version = models.CharField(max_length=40, help_text="Version of Ocim that it runs.")
    queue = models.CharField(max_length=60)
    threads = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
