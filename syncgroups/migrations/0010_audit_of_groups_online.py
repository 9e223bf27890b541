from django.db import migrations, models

from ._online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("syncgroups", "0009_audit_of_groups")]

    operations = [
        AddIndexOnline(
            "auditentry",
            models.Index(
                condition=models.Q(("sync_group__isnull", False)), fields=["sync_group"], name="syncgroups_audit_group"
            ),
        ),
    ]
