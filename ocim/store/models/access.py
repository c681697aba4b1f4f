"""People's roles."""

from django.conf import settings
from django.db import models

from ocim.core.access import FLEET, Role
from ocim.store.models.constraints import choices, only
from ocim.store.validators import validate_text, validate_unpadded


class RoleGrant(models.Model):
    """A person's role for an organization's instances, or (empty organization) for the fleet."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="role_grants"
    )
    role = models.CharField(max_length=12, choices=choices(Role))
    organization = models.CharField(
        max_length=200, blank=True, default=FLEET, validators=[validate_text, validate_unpadded]
    )

    class Meta:
        constraints = (
            only(Role, field="role", name="known_role"),
            models.UniqueConstraint(
                fields=["user", "organization"], name="a_role_once_for_an_organization"
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} of {self.organization or 'the whole fleet'}"
