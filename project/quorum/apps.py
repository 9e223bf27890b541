from django.apps import AppConfig


class QuorumConfig(AppConfig):
    name = "project.quorum"
