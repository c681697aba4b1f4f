from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from rehearsal.edxapp.course_modes.models import default_mode
from rehearsal.edxapp.course_overviews.models import CourseOverview
from rehearsal.edxapp.student.models import enroll


class Command(BaseCommand):
    help = "Create a course, which learners see at once. For studio, as on the real platform."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("modulestore", choices=["mongo", "split"])
        parser.add_argument("user", help="its author: an e-mail address, or a number")
        parser.add_argument("org")
        parser.add_argument("number")
        parser.add_argument("run")

    @transaction.atomic
    def handle(self, *_args: Any, **options: Any) -> None:
        """Create the course and enrol its author. Leave an existing course as it is."""
        author = author_named(options["user"])
        key = {name: options[name] for name in ("org", "number", "run")}
        if CourseOverview.objects.filter(**key).exists():
            self.stdout.write("Course already exists")
            return
        course = CourseOverview(**key, display_name="Empty", published=True)
        try:
            course.full_clean()
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        course.save()
        enroll(author, course, mode=default_mode(course).mode_slug)
        self.stdout.write(f"Created {course.id}")


def author_named(name: str) -> User:
    try:
        return User.objects.get(**({"pk": int(name)} if name.isdecimal() else {"email": name}))
    except User.DoesNotExist as error:
        raise CommandError(f"No user {name} found.") from error
