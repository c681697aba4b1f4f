from django.contrib import admin
from oscar.apps.partner.admin import *  # noqa: F403 (registers every model of partners)

from rehearsal.ecommerce.partner.models import Partner

admin.site.unregister(Partner)


@admin.register(Partner)
class PartnerAdmin(admin.ModelAdmin):
    list_display = ("name", "short_code", "default_site")
    search_fields = ("name", "short_code")
    fields = ("name", "code", "short_code", "default_site")
