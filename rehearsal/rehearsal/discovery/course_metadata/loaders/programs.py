from rehearsal.discovery.course_metadata.loaders.loader import Loader
from rehearsal.discovery.course_metadata.models import Course, Program


class ProgramsLoader(Loader):
    """Loader of programs."""

    url_field = "programs_api_url"

    def ingest(self) -> None:
        for entry in self.following("programs/"):
            program, _ = Program.objects.update_or_create(
                uuid=entry["uuid"],
                defaults={
                    "partner": self.partner,
                    "title": entry["name"],
                    "subtitle": entry.get("subtitle") or "",
                    "type": entry.get("category") or "",
                    "status": entry.get("status") or "",
                },
            )
            keys = [
                f"{code['organization']['key']}+{code['key']}"
                for code in entry.get("course_codes") or []
            ]
            program.courses.set(Course.objects.filter(partner=self.partner, key__in=keys))
