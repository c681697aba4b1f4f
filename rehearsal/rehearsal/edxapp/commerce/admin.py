from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from rehearsal.edxapp.commerce.models import CommerceConfiguration


@admin.register(CommerceConfiguration)
class CommerceConfigurationAdmin(admin.ModelAdmin):
    list_display = ("change_date", "changed_by", "enabled", "checkout_on_ecommerce_service")

    def save_model(
        self, request: HttpRequest, obj: CommerceConfiguration, form: Any, change: bool
    ) -> None:
        obj.changed_by_id = request.user.pk
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, *_args: object) -> bool:
        return False  # what was in force stays on record
