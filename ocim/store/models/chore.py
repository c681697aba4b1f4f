"""Work on the installation as a whole: each has a lease of its own, under which its job runs."""

from django.db import models

from ocim.store.fields import EncryptedJSONField
from ocim.store.models.lease import Leased


class Chore(Leased):
    """Work that is done once, such as an examination of the installation, and its result."""

    what = models.CharField(max_length=60, help_text="What is worked on, in words.")
    findings = EncryptedJSONField(default=list, help_text="Findings of an examination.")
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.what
