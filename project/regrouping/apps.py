from django.apps import AppConfig


class RegroupingConfig(AppConfig):
    name = "project.regrouping"
