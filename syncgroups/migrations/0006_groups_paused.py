from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("syncgroups", "0005_presence_online")]

    operations = [
        migrations.AddField(
            model_name="syncgroup",
            name="paused_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="While paused the group passes no group barrier, and no wait of its members there ends.",
                null=True,
                verbose_name="paused at",
            ),
        ),
        migrations.AddField(
            model_name="syncgroup",
            name="paused_by",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=150, verbose_name="paused by"
            ),
        ),
    ]
