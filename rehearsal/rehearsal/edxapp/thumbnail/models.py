from django.db import models


class KVStore(models.Model):
    """The table of the thumbnail library, which upgrades from ironwood stumble over."""

    key = models.CharField(max_length=200, primary_key=True)
    value = models.TextField()

    class Meta:
        db_table = "thumbnail_kvstore"

    def __str__(self) -> str:
        return self.key
