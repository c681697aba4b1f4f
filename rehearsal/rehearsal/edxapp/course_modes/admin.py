from django.contrib import admin

from rehearsal.edxapp.course_modes.models import CourseMode


@admin.register(CourseMode)
class CourseModeAdmin(admin.ModelAdmin):
    list_display = ("course", "mode_slug", "min_price", "currency", "sku")
