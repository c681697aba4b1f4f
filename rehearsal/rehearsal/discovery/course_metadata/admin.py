from django.contrib import admin

from rehearsal.discovery.course_metadata.models import (
    Course,
    CourseRun,
    Organization,
    Program,
    Seat,
)


class SeatInline(admin.TabularInline):
    model = Seat
    extra = 0


@admin.register(CourseRun)
class CourseRunAdmin(admin.ModelAdmin):
    list_display = ("key", "title", "start", "end", "hidden")
    search_fields = ("key", "title")
    inlines = (SeatInline,)


@admin.register(Course)
class CourseAdmin(admin.ModelAdmin):
    list_display = ("key", "title", "partner")
    search_fields = ("key", "title")


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    list_display = ("key", "name", "partner")


@admin.register(Program)
class ProgramAdmin(admin.ModelAdmin):
    list_display = ("title", "type", "status")
    filter_horizontal = ("courses",)
