from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class SyncgroupsConfig(AppConfig):
    name = "syncgroups"
    verbose_name = _("Synchronised groups")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import arrivals, checks  # noqa: F401 - importing the checks registers them

        #: Where the verbs of rows lead: rows are imported by the domain, and may not import it.
        self.front_door = arrivals
        autodiscover_modules("barriers")
