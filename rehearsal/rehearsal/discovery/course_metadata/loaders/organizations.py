from django.conf import settings

from rehearsal.discovery.core.models import Partner
from rehearsal.discovery.course_metadata.loaders.loader import Loader
from rehearsal.discovery.course_metadata.models import Organization


class OrganizationsLoader(Loader):
    """Reads the LMS's organizations. From juniper they are put there instead, with the courses."""

    url_field = "organizations_api_url"

    @classmethod
    def is_wanted(cls, partner: Partner) -> bool:
        return super().is_wanted(partner) and settings.RELEASE.before("juniper")

    def ingest(self) -> None:
        for found in self.following("organizations/"):
            Organization.objects.update_or_create(
                partner=self.partner,
                key=found["short_name"],
                defaults={
                    "name": found["name"],
                    "description": found.get("description") or "",
                    "logo_image_url": found.get("logo") or "",
                },
            )
