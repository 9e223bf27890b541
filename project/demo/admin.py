"""What the players did, for researchers to read."""

from django.contrib import admin
from django.http import HttpRequest

from .models import Choice


@admin.register(Choice)
class ChoiceAdmin(admin.ModelAdmin):
    list_display = ("participant", "group", "round", "move", "points", "creation_time")
    list_filter = ("round", "move", "participant__cohort")
    list_select_related = ("participant", "group")
    search_fields = ("participant__public_id",)
    date_hierarchy = "creation_time"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Choice | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Choice | None = None) -> bool:
        return False
