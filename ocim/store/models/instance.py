"""Instances: what an operator says of an Open edX site, and the names it goes by."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from ocim.catalog.releases import Release, traits
from ocim.core.holds import Hold
from ocim.core.instance import Domains
from ocim.store.fields import EncryptedTextField, RepositoryUrlField
from ocim.store.models.shared import (
    BrokerServer,
    DatabaseServer,
    LoadBalancingServer,
    SearchServer,
)
from ocim.store.validators import (
    MOST_APPSERVERS,
    validate_configuration_url,
    validate_currency,
    validate_domain,
    validate_extra_settings,
    validate_partner_code,
    validate_plain,
    validate_platform_url,
    validate_playbook,
    validate_tag,
    validate_text,
    validate_time_zone,
    validate_unpadded,
    validate_version,
)

LONGEST_URL = 500
"""Characters; encrypted, the account in it takes more."""
SERVICES = ("lms", "lms_preview", "studio", "ecommerce", "discovery")
DERIVED = {"lms_preview": "preview.", "studio": "studio.", "ecommerce": "ecommerce.",
           "discovery": "discovery."}  # fmt: skip


class InstanceReference(models.Model):
    """What Ocim's people know of an instance; its id is the instance's."""

    is_archived = models.BooleanField(default=False)
    notes = EncryptedTextField(blank=True, validators=[validate_text])
    organization = models.CharField(
        max_length=200, blank=True, validators=[validate_text, validate_unpadded]
    )
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    hold_reason = models.CharField(
        max_length=200, blank=True, help_text="Why rollouts leave it out; empty: they do not."
    )
    held_from = models.DateField(
        null=True, blank=True, help_text="The first day of that; empty: from the beginning on."
    )
    held_until = models.DateField(
        null=True, blank=True, help_text="The last day of that; empty: until it is released."
    )
    created = models.DateTimeField(auto_now_add=True)
    modified = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return str(self.pk)


class InstanceTag(models.Model):
    """A name that marks instances; rollouts mark what they did with it."""

    name = models.CharField(max_length=100, unique=True, validators=[validate_tag])

    def __str__(self) -> str:
        return self.name


class OpenEdXInstance(models.Model):
    """An Open edX site, as configured. Field names are those that operators' scripts know."""

    # A forward relation, so that filter(ref_set__id__in=[…]) never selects an instance twice.
    ref_set = models.OneToOneField(
        InstanceReference, on_delete=models.CASCADE, related_name="instance"
    )
    name = models.CharField(max_length=250, validators=[validate_plain])
    email = models.EmailField(
        validators=[validate_plain], help_text="Where the site's mail comes from."
    )

    internal_lms_domain = models.CharField(max_length=200, validators=[validate_domain])
    internal_lms_preview_domain = models.CharField(
        max_length=220, blank=True, validators=[validate_domain]
    )
    internal_studio_domain = models.CharField(
        max_length=220, blank=True, validators=[validate_domain]
    )
    internal_ecommerce_domain = models.CharField(
        max_length=220, blank=True, validators=[validate_domain]
    )
    internal_discovery_domain = models.CharField(
        max_length=220, blank=True, validators=[validate_domain]
    )
    external_lms_domain = models.CharField(max_length=200, blank=True, validators=[validate_domain])
    external_lms_preview_domain = models.CharField(
        max_length=220, blank=True, validators=[validate_domain]
    )
    external_studio_domain = models.CharField(
        max_length=220, blank=True, validators=[validate_domain]
    )
    external_ecommerce_domain = models.CharField(
        max_length=220, blank=True, validators=[validate_domain]
    )
    external_discovery_domain = models.CharField(
        max_length=220, blank=True, validators=[validate_domain]
    )

    openedx_release = models.CharField(max_length=100, validators=[validate_version])
    edx_platform_repository_url = RepositoryUrlField(
        max_length=1000, validators=[validate_platform_url, MaxLengthValidator(LONGEST_URL)]
    )
    edx_platform_commit = models.CharField(
        max_length=250,
        blank=True,
        validators=[validate_version],
        help_text="Defaults to the release.",
    )
    configuration_source_repo_url = RepositoryUrlField(
        max_length=1000, validators=[validate_configuration_url, MaxLengthValidator(LONGEST_URL)]
    )
    configuration_version = models.CharField(
        max_length=250,
        blank=True,
        validators=[validate_version],
        help_text="Defaults to the release.",
    )
    configuration_playbook_name = models.CharField(
        max_length=100,
        blank=True,
        validators=[validate_playbook],
        help_text="Defaults to the one that the release's configuration has for a whole server.",
    )
    configuration_extra_settings = EncryptedTextField(
        blank=True, validators=[validate_extra_settings], help_text="YAML; wins over all else."
    )

    partner_code = models.CharField(
        max_length=8,
        blank=True,
        validators=[validate_partner_code],
        help_text="Of its shop and catalogue, unique in the fleet; defaults to that of the"
        " payment processors' settings, or one made of the id.",
    )
    currency = models.CharField(
        max_length=3,
        blank=True,
        validators=[validate_currency],
        help_text="Of ISO 4217; defaults to the release's.",
    )
    payment_processors = EncryptedTextField(
        blank=True, default="", editable=False, help_text="Their keys by name, as JSON."
    )

    openedx_appserver_count = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_APPSERVERS)]
    )
    provider = models.CharField(max_length=20)
    flavor = models.CharField(
        max_length=100, blank=True, validators=[validate_plain], help_text="The server's size."
    )
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    successfully_provisioned = models.BooleanField(default=False)

    database_name = models.CharField(max_length=40, unique=True)
    secret_seed = EncryptedTextField(editable=False)
    jwt_private_key = EncryptedTextField(editable=False)
    jwt_public_keys = models.TextField(editable=False)
    preview_password_hash = models.CharField(max_length=100, editable=False)

    load_balancing_server = models.ForeignKey(LoadBalancingServer, on_delete=models.PROTECT)
    database_server = models.ForeignKey(DatabaseServer, on_delete=models.PROTECT)
    broker_server = models.ForeignKey(BrokerServer, null=True, blank=True, on_delete=models.PROTECT)
    search_server = models.ForeignKey(SearchServer, null=True, blank=True, on_delete=models.PROTECT)
    tags = models.ManyToManyField(InstanceTag, blank=True)

    class Meta:
        permissions = (("view_secrets", "Can view secrets of instances"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(id=F("ref_set_id")), name="instance_has_its_references_id"
            ),
            models.CheckConstraint(
                condition=Q(openedx_appserver_count__gte=1), name="instance_has_an_appserver"
            ),
            models.UniqueConstraint(
                Lower("partner_code"), condition=~Q(partner_code=""), name="partner_codes_differ"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.internal_lms_domain}, id {self.pk})"

    @property
    def platform_commit(self) -> str:
        """What is checked out of edx-platform."""
        return self.edx_platform_commit or self.openedx_release

    @property
    def configuration_commit(self) -> str:
        """What is checked out of the configuration repository."""
        return self.configuration_version or self.openedx_release

    @property
    def playbook_name(self) -> str:
        """The playbook that sets up an app server."""
        release = Release.of(self.platform_commit)
        if not release.known:
            release = Release.of(self.openedx_release)
        return self.configuration_playbook_name or traits(release).playbook

    @property
    def domains(self) -> Domains:
        """All names: those that were set, else derived from the LMS's."""
        internal = {
            service: getattr(self, f"internal_{service}_domain")
            or DERIVED[service] + self.internal_lms_domain
            for service in DERIVED
        }
        external = {
            service.removeprefix("lms_"): (name,)
            for service in SERVICES
            if (name := getattr(self, f"external_{service}_domain"))
        }
        return Domains(
            lms=self.internal_lms_domain,
            preview=internal["lms_preview"],
            studio=internal["studio"],
            ecommerce=internal["ecommerce"],
            discovery=internal["discovery"],
            external=external,
        )

    @property
    def hold(self) -> Hold:
        """What keeps it from rollouts, if anything does."""
        of = self.ref_set
        return Hold(of.hold_reason, of.held_from, of.held_until, self.time_zone)

    def clean_fields(self, exclude: Any = None) -> None:
        """Names are kept in lower case: host names do not distinguish it."""
        for kind in ("internal", "external"):
            for service in SERVICES:
                field = f"{kind}_{service}_domain"
                setattr(self, field, str(getattr(self, field)).rstrip(".").lower())
        super().clean_fields(exclude=exclude)


class Domain(models.Model):
    """One public name; its uniqueness in the fleet is what the table is for."""

    name = models.CharField(max_length=253, unique=True)
    instance = models.ForeignKey(
        OpenEdXInstance, on_delete=models.CASCADE, related_name="domain_set"
    )

    def __str__(self) -> str:
        return self.name
