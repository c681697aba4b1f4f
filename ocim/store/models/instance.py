"""Instances: configured Open edX sites, and their domains."""

from collections.abc import Mapping
from typing import Any

from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from ocim.catalog.releases import Release, release_of, traits
from ocim.core.holds import Hold
from ocim.core.instance import ALWAYS, Domains
from ocim.core.names import DERIVED_DOMAINS
from ocim.core.provisioning import ANSIBLE
from ocim.parsing.extra_settings import enabled_services
from ocim.store.fields import EncryptedTextField, RepositoryUrlField
from ocim.store.models.instance_reference import InstanceReference, InstanceTag
from ocim.store.models.lease import Leased
from ocim.store.models.shared import (
    BrokerServer,
    DatabaseServer,
    LoadBalancingServer,
    MeilisearchServer,
    MongodbServer,
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
    validate_text,
    validate_time_zone,
    validate_version,
)

LONGEST_URL = 500
"""Maximum length in characters. The column is longer: an encrypted account takes more room."""
EXTERNAL = "Host name of the customer's own, under which visitors see the service."
SERVICES = ("lms", "lms_preview", "studio", "ecommerce", "discovery")
"""Services that have a domain: fields are named `internal_*_domain` and `external_*_domain`."""


SHARED_SERVERS = (
    "database_server",
    "broker_server",
    "search_server",
    "mongodb_server",
    "meilisearch_server",
)
"""Fields of an instance with the servers that its variables depend on."""


class OpenEdXInstance(Leased):
    """An Open edX site, as configured. Operators' scripts use its field names."""

    shared_texts: Mapping[str, str] | None = None
    """Shared settings by organization, where many instances are loaded at once."""
    # A forward relation, so that filter(ref_set__id__in=[…]) never selects an instance twice.
    ref_set = models.OneToOneField(
        InstanceReference, on_delete=models.CASCADE, related_name="instance"
    )
    name = models.CharField(
        max_length=250,
        validators=[validate_plain],
        help_text="Name of the site, as its pages and its mail have it.",
    )
    email = models.EmailField(
        validators=[validate_plain], help_text="Sender address of the site's mail."
    )

    internal_lms_domain = models.CharField(
        max_length=200,
        validators=[validate_domain],
        help_text="Host name of the LMS; the other host names are derived from it.",
    )
    internal_lms_preview_domain = models.CharField(
        max_length=220,
        blank=True,
        validators=[validate_domain],
        help_text="Defaults to preview. before the LMS's.",
    )
    internal_studio_domain = models.CharField(
        max_length=220,
        blank=True,
        validators=[validate_domain],
        help_text="Defaults to studio. before the LMS's.",
    )
    internal_ecommerce_domain = models.CharField(
        max_length=220,
        blank=True,
        validators=[validate_domain],
        help_text="Defaults to ecommerce. before the LMS's.",
    )
    internal_discovery_domain = models.CharField(
        max_length=220,
        blank=True,
        validators=[validate_domain],
        help_text="Defaults to discovery. before the LMS's.",
    )
    external_lms_domain = models.CharField(
        max_length=200, blank=True, validators=[validate_domain], help_text=EXTERNAL
    )
    external_lms_preview_domain = models.CharField(
        max_length=220, blank=True, validators=[validate_domain], help_text=EXTERNAL
    )
    external_studio_domain = models.CharField(
        max_length=220, blank=True, validators=[validate_domain], help_text=EXTERNAL
    )
    external_ecommerce_domain = models.CharField(
        max_length=220, blank=True, validators=[validate_domain], help_text=EXTERNAL
    )
    external_discovery_domain = models.CharField(
        max_length=220, blank=True, validators=[validate_domain], help_text=EXTERNAL
    )

    openedx_release = models.CharField(
        max_length=100,
        validators=[validate_version],
        help_text="Release of Open edX, such as open-release/juniper.2.",
    )
    edx_platform_repository_url = RepositoryUrlField(
        max_length=1000,
        validators=[validate_platform_url, MaxLengthValidator(LONGEST_URL)],
        help_text="Git repository of the platform.",
    )
    edx_platform_commit = models.CharField(
        max_length=250,
        blank=True,
        validators=[validate_version],
        help_text="Defaults to the release.",
    )
    configuration_source_repo_url = RepositoryUrlField(
        max_length=1000,
        validators=[validate_configuration_url, MaxLengthValidator(LONGEST_URL)],
        help_text="Git repository of the playbooks, or builtin for Ocim's own.",
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
        help_text="Defaults to the playbook of the release's configuration for a whole server.",
    )
    configuration_extra_settings = EncryptedTextField(
        blank=True,
        validators=[validate_extra_settings],
        help_text="YAML: variables of Ansible, or of Tutor (TUTOR_…); they override all others.",
    )

    partner_code = models.CharField(
        max_length=8,
        blank=True,
        validators=[validate_partner_code],
        help_text="Partner of its shop and catalogue, unique in the fleet; defaults to that of the"
        " payment processors' settings, or else to a code made of the id.",
    )
    currency = models.CharField(
        max_length=3,
        blank=True,
        validators=[validate_currency],
        help_text="ISO 4217 code; defaults to the release's currency.",
    )
    payment_processors = EncryptedTextField(
        blank=True,
        default="",
        editable=False,
        help_text="Settings of each payment processor by its name, as JSON.",
    )

    openedx_appserver_count = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_APPSERVERS)],
        help_text="Number of app servers that are made, and serve, together.",
    )
    provisioner = models.CharField(
        max_length=20,
        default=ANSIBLE,
        help_text="Program that configures app servers: ansible, or tutor on hosts of kind docker.",
    )
    provider = models.CharField(max_length=20, help_text="Kind of the app servers' hosts.")
    flavor = models.CharField(
        max_length=100, blank=True, validators=[validate_plain], help_text="Size of the host."
    )
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text="Name in the time zone database, such as Europe/Berlin.",
    )
    maintenance = models.CharField(
        max_length=500,
        blank=True,
        editable=False,
        validators=[validate_text],
        help_text="Text of the page that visitors see instead of the site; empty: the site serves.",
    )
    successfully_provisioned = models.BooleanField(default=False)
    optional_services = models.CharField(
        max_length=100,
        blank=True,
        editable=False,
        help_text="Services that its extra settings enable besides LMS and studio. The settings are"
        " encrypted: without this column nobody could search for them.",
    )

    database_name = models.CharField(max_length=40, unique=True)
    adopted_databases = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="Names by purpose of databases that another program has made.",
    )
    secret_seed = EncryptedTextField(editable=False)
    jwt_private_key = EncryptedTextField(editable=False)
    jwt_public_keys = models.TextField(editable=False)
    preview_password_hash = models.CharField(max_length=100, editable=False)

    load_balancing_server = models.ForeignKey(LoadBalancingServer, on_delete=models.PROTECT)
    database_server = models.ForeignKey(DatabaseServer, on_delete=models.PROTECT)
    broker_server = models.ForeignKey(BrokerServer, null=True, blank=True, on_delete=models.PROTECT)
    database_generation = models.PositiveIntegerField(
        default=1, editable=False, help_text="Number of its accounts on the database server so far."
    )
    broker_generation = models.PositiveIntegerField(
        default=1, editable=False, help_text="Number of its account there; a rotation raises it."
    )
    search_server = models.ForeignKey(SearchServer, null=True, blank=True, on_delete=models.PROTECT)
    mongodb_server = models.ForeignKey(
        MongodbServer, null=True, blank=True, on_delete=models.PROTECT
    )
    mongodb_generation = models.PositiveIntegerField(
        default=1, editable=False, help_text="Number of its account there; a rotation raises it."
    )
    meilisearch_server = models.ForeignKey(
        MeilisearchServer, null=True, blank=True, on_delete=models.PROTECT
    )
    meilisearch_generation = models.PositiveIntegerField(
        default=1, editable=False, help_text="Number of its key there; a rotation raises it."
    )
    tags = models.ManyToManyField(
        InstanceTag, blank=True, help_text="Words, separated by commas, that rollouts select by."
    )

    class Meta:
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
        indexes = (
            # Lists of the fleet read these columns of all rows. Rows are long, with keys in them.
            models.Index(
                fields=[
                    "name",
                    "id",
                    "internal_lms_domain",
                    "external_lms_domain",
                    "optional_services",
                    "ref_set",
                ],
                name="instance_by_name",
            ),
            models.Index(
                fields=["openedx_release", "id", "ref_set", "name"], name="instance_by_release"
            ),
            models.Index(
                fields=["ref_set"], condition=~Q(maintenance=""), name="instance_in_maintenance"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.internal_lms_domain}, id {self.pk})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row, with `optional_services` as its extra settings enable them."""
        fields = kwargs.get("update_fields")
        if fields is None or "configuration_extra_settings" in fields:
            services = enabled_services(self.configuration_extra_settings) - ALWAYS
            self.optional_services = " ".join(sorted(services))
            kwargs["update_fields"] = fields and [*fields, "optional_services"]
        super().save(*args, **kwargs)

    @property
    def platform_commit(self) -> str:
        """Version of edx-platform to check out."""
        return self.edx_platform_commit or self.openedx_release

    @property
    def release(self) -> Release:
        """Release of its platform or, if that is a hash, its `openedx_release`."""
        return release_of(self.platform_commit, self.openedx_release)

    @property
    def configuration_commit(self) -> str:
        """Version of the configuration repository to check out."""
        return self.configuration_version or self.openedx_release

    @property
    def playbook_name(self) -> str:
        """File name of the playbook that provisions an app server."""
        return self.configuration_playbook_name or traits(self.release).playbook

    @property
    def domains(self) -> Domains:
        """Domains of all services: as set, or else derived from the LMS's domain."""
        internal = {
            service: getattr(self, f"internal_{service}_domain")
            or DERIVED_DOMAINS[service] + self.internal_lms_domain
            for service in DERIVED_DOMAINS
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
        """Hold that keeps rollouts away from the instance; it may be empty."""
        reference = self.ref_set
        return Hold(
            reference.hold_reason, reference.held_from, reference.held_until, self.time_zone
        )

    def clean_fields(self, exclude: Any = None) -> None:
        """Put domains into lower case before the checks: host names ignore case."""
        for kind in ("internal", "external"):
            for service in SERVICES:
                field = f"{kind}_{service}_domain"
                setattr(self, field, str(getattr(self, field)).rstrip(".").lower())
        super().clean_fields(exclude=exclude)


class Domain(models.Model):
    """A public domain of an instance. The table makes domains unique in the fleet."""

    name = models.CharField(max_length=253, unique=True)
    instance = models.ForeignKey(
        OpenEdXInstance, on_delete=models.CASCADE, related_name="domain_set"
    )

    def __str__(self) -> str:
        return self.name
