from django.db import models


class Organization(models.Model):
    name = models.CharField(max_length=255)
    short_name = models.CharField(max_length=255, unique=True)
    description = models.TextField(blank=True, default="")
    active = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)
    modified = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("short_name",)

    def __str__(self) -> str:
        return self.short_name
