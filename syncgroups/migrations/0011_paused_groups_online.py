from django.db import migrations, models

from ._online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("syncgroups", "0010_audit_of_groups_online")]

    operations = [
        AddIndexOnline(
            "syncgroup",
            models.Index(
                condition=models.Q(("paused_at__isnull", False)), fields=["id"], name="syncgroups_group_paused"
            ),
        ),
    ]
