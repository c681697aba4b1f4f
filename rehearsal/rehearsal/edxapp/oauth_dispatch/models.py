from django.db import models
from oauth2_provider.models import Application


class ApplicationAccess(models.Model):
    """The scopes that a client may ask for besides the default ones."""

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="access")
    scopes = models.TextField(help_text="comma separated, e.g. user_id")

    def __str__(self) -> str:
        return f"{self.application}: {self.scopes}"

    def scope_names(self) -> list[str]:
        return [scope.strip() for scope in self.scopes.split(",") if scope.strip()]
