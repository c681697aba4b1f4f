"""Workers that report regularly that they are alive."""

from django.db import models


class Worker(models.Model):
    """A worker process. It renews `seen_at` while it runs."""

    name = models.CharField(max_length=100, unique=True)
    queue = models.CharField(max_length=60)
    threads = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
