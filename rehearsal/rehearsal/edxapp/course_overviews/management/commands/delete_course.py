from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rehearsal.edxapp.course_overviews.models import CourseOverview


class Command(BaseCommand):
    help = "Delete a course. For studio, as on the real platform."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("course_key")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Delete the course if the answers to two questions are `y` or `yes`."""
        course = CourseOverview.objects.filter(pk=options["course_key"]).first()
        if course is None:
            raise CommandError(f"Course not found: {options['course_key']}")
        for question in (f"Are you sure you want to delete course {course.id}?", "Really?"):
            self.stdout.write(f"{question} [y/N] ")
            if input().strip().lower() not in {"y", "yes"}:
                return
        course.delete()
        self.stdout.write(f"Deleted course {options['course_key']}")
