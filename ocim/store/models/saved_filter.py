"""Filters of the fleet that people saved under a name."""

from django.conf import settings
from django.db import models


class SavedFilter(models.Model):
    """A person's filter, as the query string that a link to it has."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters"
    )
    name = models.CharField(max_length=60)
    query = models.TextField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "name"], name="a_filters_name_once_for_a_person"
            ),
        )

    def __str__(self) -> str:
        return self.name
