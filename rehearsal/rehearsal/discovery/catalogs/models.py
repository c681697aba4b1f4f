from django.db import models

from rehearsal.discovery.core.models import User


class Catalog(models.Model):
    """A named query for courses. Its result changes with the courses."""

    name = models.CharField(max_length=255)
    query = models.TextField(help_text="in the language of query_string, e.g. org:edX AND title:*")
    viewers = models.ManyToManyField(User, blank=True, related_name="catalogs")

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name
