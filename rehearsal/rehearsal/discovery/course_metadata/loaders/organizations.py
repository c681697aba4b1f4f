from django.conf import settings

from rehearsal.discovery.core.models import Partner
from rehearsal.discovery.course_metadata.loaders.loader import Loader
from rehearsal.discovery.course_metadata.models import Organization


class OrganizationsLoader(Loader):
    """Loader of the LMS's organizations, before juniper. Since then CoursesLoader writes them."""

    url_field = "organizations_api_url"

    @classmethod
    def is_wanted(cls, partner: Partner) -> bool:
        return super().is_wanted(partner) and settings.RELEASE.before("juniper")

    def ingest(self) -> None:
        for organization in self.following("organizations/"):
            Organization.objects.update_or_create(
                partner=self.partner,
                key=organization["short_name"],
                defaults={
                    "name": organization["name"],
                    "description": organization.get("description") or "",
                    "logo_image_url": organization.get("logo") or "",
                },
            )
