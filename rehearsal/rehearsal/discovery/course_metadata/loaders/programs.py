from rehearsal.discovery.course_metadata.loaders.loader import Loader
from rehearsal.discovery.course_metadata.models import Course, Program


class ProgramsLoader(Loader):
    """Takes over the programs of a service that keeps them."""

    url_field = "programs_api_url"

    def ingest(self) -> None:
        for found in self.following("programs/"):
            program, _ = Program.objects.update_or_create(
                uuid=found["uuid"],
                defaults={
                    "partner": self.partner,
                    "title": found["name"],
                    "subtitle": found.get("subtitle") or "",
                    "type": found.get("category") or "",
                    "status": found.get("status") or "",
                },
            )
            keys = [
                f"{code['organization']['key']}+{code['key']}"
                for code in found.get("course_codes") or []
            ]
            program.courses.set(Course.objects.filter(partner=self.partner, key__in=keys))
