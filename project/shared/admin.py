"""What participants answered, for researchers to read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import Answer


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shows what participants did. Nobody changes it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    list_display = ("participant", "question", "value", "creation_time")
    list_filter = ("participant__cohort",)
    list_select_related = ("participant",)
    search_fields = ("participant__public_id", "question")
    date_hierarchy = "creation_time"
