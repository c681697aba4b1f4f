from django.contrib import admin

from rehearsal.ecommerce.courses.models import Course


@admin.register(Course)
class CourseAdmin(admin.ModelAdmin):
    list_display = ("id", "name", "verification_deadline")
    search_fields = ("id", "name")
    readonly_fields = ("created", "modified")
