from django.db import models


class Catalog(models.Model):
    """No table: the model stands for permissions on the catalogs that another service keeps."""

    class Meta:
        managed = False

    def __str__(self) -> str:
        return f"Catalog {self.pk}"
