from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db import models

from rehearsal.discovery.core.models import Partner, User

admin.site.register(User, UserAdmin)


@admin.register(Partner)
class PartnerAdmin(admin.ModelAdmin):
    list_display = ("name", "short_code", "site", "courses_api_url")
    search_fields = ("name", "short_code")
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}  # noqa: RUF012
