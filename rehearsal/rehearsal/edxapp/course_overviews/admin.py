from django.contrib import admin

from rehearsal.edxapp.course_overviews.models import CourseOverview


@admin.register(CourseOverview)
class CourseOverviewAdmin(admin.ModelAdmin):
    list_display = ("id", "display_name", "published", "start", "end")
    readonly_fields = ("org", "number", "run")

    def has_add_permission(self, *_args: object) -> bool:
        return False  # courses are made in studio
