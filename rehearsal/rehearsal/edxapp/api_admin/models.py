from django.db import models


class Catalog(models.Model):
    """A model without a table, for permissions on the catalogs of another service."""

    class Meta:
        managed = False

    def __str__(self) -> str:
        return f"Catalog {self.pk}"
