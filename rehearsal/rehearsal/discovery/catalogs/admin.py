from django.contrib import admin

from rehearsal.discovery.catalogs.models import Catalog


@admin.register(Catalog)
class CatalogAdmin(admin.ModelAdmin):
    list_display = ("name", "query")
    filter_horizontal = ("viewers",)
