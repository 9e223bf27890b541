import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("syncgroups", "0008_audit")]

    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="sync_group",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="audit_entries",
                to="syncgroups.syncgroup",
                verbose_name="group",
            ),
        ),
    ]
