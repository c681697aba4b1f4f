"""People's roles and API tokens."""

from django.conf import settings
from django.db import models

from ocim.core.access import FLEET, Grant, Role
from ocim.store.fields import EncryptedTextField
from ocim.store.models.constraints import choices, only
from ocim.store.validators import validate_text, validate_unpadded


class Granted(models.Model):
    """A role for an organization's instances, or (empty organization) for the whole fleet."""

    role = models.CharField(max_length=12, choices=choices(Role))
    organization = models.CharField(
        max_length=200, blank=True, default=FLEET, validators=[validate_text, validate_unpadded]
    )

    class Meta:
        abstract = True

    @property
    def grant(self) -> Grant:
        """The role and the organization, as a value."""
        return Grant(Role(self.role), self.organization)


class RoleGrant(Granted):
    """A person's role."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="role_grants"
    )

    class Meta:
        constraints = (
            only(Role, field="role", name="known_role"),
            models.UniqueConstraint(
                fields=["user", "organization"], name="a_role_once_for_an_organization"
            ),
        )

    def __str__(self) -> str:
        return str(self.grant)


class ApiToken(Granted):
    """A token of a program; it never allows more than its owner's roles do."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=100, validators=[validate_text, validate_unpadded])
    hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token.")
    created = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="To the minute.")

    class Meta:
        constraints = (
            only(Role, field="role", name="known_role_of_token"),
            models.UniqueConstraint(
                fields=["owner", "name"], name="names_of_a_persons_tokens_differ"
            ),
        )

    def __str__(self) -> str:
        return self.name


class ExternalIdentity(models.Model):
    """A person at the provider of single sign-on, and the account that is theirs here.

    Only these rows tell whose account it is: names and mail addresses can be chosen or change.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="external_identity"
    )
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["issuer", "subject"], name="an_identity_has_an_account"
            ),
        )

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"


class PasswordRequest(models.Model):
    """A request for a link to set a password, to count them."""

    address_hash = models.CharField(max_length=64, help_text="SHA-256 of the mail address.")
    host = models.CharField(max_length=100, help_text="Network address of the browser.")
    created = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["created"], name="password_requests_by_time"),)

    def __str__(self) -> str:
        return f"from {self.host}"


class SecondFactor(models.Model):
    """The secret that an account shares with an app, which makes codes of it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="second_factor"
    )
    secret = EncryptedTextField()
    confirmed_at = models.DateTimeField(null=True, help_text="Empty: it is not used yet.")
    last_step = models.BigIntegerField(
        default=0, help_text="Number of the 30 seconds whose code was used last."
    )

    def __str__(self) -> str:
        return f"of {self.user}"


class RecoveryCode(models.Model):
    """A code that replaces one of the app, once."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    hash = models.CharField(max_length=64, help_text="SHA-256 of the code.")

    def __str__(self) -> str:
        return f"of {self.user}"


class Passkey(models.Model):
    """The public key of a person's device, with which they sign in without a password."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="passkeys"
    )
    name = models.CharField(max_length=100, validators=[validate_text, validate_unpadded])
    credential_id = models.CharField(max_length=1400, unique=True)
    key = models.TextField(help_text="Attested credential data, in URL-safe base64.")
    count = models.BigIntegerField(help_text="Counter of the device; 0 if it has none.")
    created = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True, help_text="Time of the last sign-in.")

    def __str__(self) -> str:
        return self.name
