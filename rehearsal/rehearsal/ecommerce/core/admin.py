from typing import ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db import models

from rehearsal.ecommerce.core.models import SiteConfiguration, User


@admin.register(User)
class ShopUserAdmin(UserAdmin):
    fieldsets = (*(UserAdmin.fieldsets or ()), ("LMS", {"fields": ("full_name", "lms_user_id")}))


@admin.register(SiteConfiguration)
class SiteConfigurationAdmin(admin.ModelAdmin):
    list_display = ("site", "partner", "lms_url_root", "payment_processors")
    search_fields = ("site__domain", "partner__short_code")
    formfield_overrides: ClassVar = {models.URLField: {"assume_scheme": "https"}}
