"""What the players did, for researchers to read."""

from django.contrib import admin

from project.shared.admin import ReadOnlyAdmin

from .models import Choice


@admin.register(Choice)
class ChoiceAdmin(ReadOnlyAdmin):
    list_display = ("participant", "group", "round", "move", "points", "creation_time")
    list_filter = ("round", "move", "participant__cohort")
    list_select_related = ("participant", "group")
    search_fields = ("participant__public_id",)
    date_hierarchy = "creation_time"
