from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User

from rehearsal.edxapp.student.models import (
    CourseEnrollment,
    CourseEnrollmentAttribute,
    UserProfile,
)


class ProfileInline(admin.StackedInline):
    model = UserProfile
    can_delete = False


class AttributeInline(admin.TabularInline):
    model = CourseEnrollmentAttribute
    extra = 0


admin.site.unregister(User)


@admin.register(User)
class ProfiledUserAdmin(UserAdmin):
    inlines = (ProfileInline,)


@admin.register(CourseEnrollment)
class CourseEnrollmentAdmin(admin.ModelAdmin):
    list_display = ("user", "course", "mode", "is_active")
    list_filter = ("mode", "is_active")
    inlines = (AttributeInline,)
